package dev.threadmill.usage;

import java.util.Locale;

/** What usage is told apart by. */
enum Dimension {
  PROJECT_ID,
  API_KEY_ID,
  USER_ID,
  ASSISTANT_ID,
  MODEL,
  OPERATION,
  /** Of single calls only, which are kept for some days. */
  THREAD_ID,
  /** As {@link #THREAD_ID}. */
  RUN_ID;

  /** The name of the field on the wire, which is that of the column. */
  String field() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether sums have it. */
  boolean isSummed() {
    return this != THREAD_ID && this != RUN_ID;
  }
}
