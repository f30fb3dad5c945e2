package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.recall.PassageReference;
import dev.threadmill.memory.recall.Recall;
import dev.threadmill.memory.recall.SourceType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * References to the memories that a model call received. Their texts are read again when needed.
 *
 * @param summaryVersion null if there was no summary
 * @param recalled best first
 */
public record MemoryReferences(
    RetrieveMemory.State state, Integer summaryVersion, List<Item> recalled) {
  public MemoryReferences {
    recalled = List.copyOf(recalled);
  }

  /** A reference to a passage of a message or to a fact. */
  public record Item(
      String type, String id, String thread, int begins, int ends, long micros, double score) {

    PassageReference reference() {
      return new PassageReference(
          new ThreadId(thread),
          SourceType.valueOf(type.toUpperCase(Locale.ROOT)),
          id,
          begins,
          ends);
    }

    Recall.Passage memory(String text) {
      return new Recall.Passage(text, score, type, id, new ThreadId(thread), at(), begins, ends);
    }

    private Instant at() {
      return Instant.ofEpochSecond(
          Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
    }
  }

  /** The references of a result. */
  public static MemoryReferences of(RetrieveMemory.Result remembered) {
    return new MemoryReferences(
        remembered.state(),
        remembered.summaryVersion(),
        remembered.recalled().stream()
            .map(
                memory ->
                    new Item(
                        memory.sourceType(),
                        memory.sourceId(),
                        memory.thread().value(),
                        memory.startOffset(),
                        memory.endOffset(),
                        memory.createdAt().getEpochSecond() * 1_000_000
                            + memory.createdAt().getNano() / 1_000,
                        memory.score()))
            .toList());
  }
}
