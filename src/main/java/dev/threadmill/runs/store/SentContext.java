package dev.threadmill.runs.store;

import dev.threadmill.memory.MemoryReferences;
import java.time.Instant;

/**
 * The prompt of a model call, by reference: the texts are not copied, and the instructions and
 * tools are in the run's row. {@code RebuildContext} rebuilds the prompt.
 *
 * @param window null if nothing of the thread was sent
 * @param digest of the whole prompt, to check whether the rebuilt one is the same
 */
public record SentContext(String model, Window window, MemoryReferences memory, String digest) {

  /**
   * Part of the thread, from one entry to another.
   *
   * @param from time of the first entry, in microseconds since 1970
   * @param to time of the last
   * @param entries how many there were
   * @param cutBy the limit that excluded older entries: {@code last_messages}, {@code
   *     max_prompt_tokens} or {@code context_window}; null if there were none
   */
  public record Window(long from, long to, int entries, int tokens, String cutBy) {
    /** When the first message was created. */
    public Instant fromTime() {
      return instant(from);
    }

    /** When the last message was created. */
    public Instant toTime() {
      return instant(to);
    }

    /** The microseconds since the epoch. */
    public static long micros(Instant time) {
      return time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
    }

    private static Instant instant(long micros) {
      return Instant.ofEpochSecond(
          Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
    }
  }
}
