package dev.threadmill.imports;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What an item of an import is. Objects are written in this order. */
enum Kind {
  FILE,
  /** A piece of the content of a file, in its place in the source. */
  FILE_CONTENT,
  VECTOR_STORE,
  VECTOR_STORE_FILE,
  ASSISTANT,
  THREAD,
  MESSAGE,
  /** A run or one of its steps, which is not taken. */
  RUN;

  /** The name on the wire and in the database. */
  @JsonValue
  String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
