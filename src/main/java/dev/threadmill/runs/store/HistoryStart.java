package dev.threadmill.runs.store;

import java.time.Instant;

/**
 * Where the history of a thread begins for its prompts.
 *
 * @param from the time of the first entry that is shown
 * @param summary what stands for the entries before; null if the first entry does
 */
public record HistoryStart(Instant from, String summary) {
  /** The thread from its first entry on. */
  public static final HistoryStart BEGINNING = new HistoryStart(Instant.EPOCH, null);
}
