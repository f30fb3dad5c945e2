package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.recall.Recall;
import java.util.List;

/**
 * The response of {@code GET /v1/threads/{id}/memory}.
 *
 * @param summary null if there is none
 * @param summaryMethod {@code rolling}, {@code reflection} or {@code none}
 * @param updatedAt when the summary was made, in Unix seconds; null if there is none
 * @param pending the number of messages without vectors
 * @param vectorContext the recalled passages, best first
 */
public record MemoryObject(
    String object,
    ThreadId threadId,
    String summary,
    String summaryMethod,
    Long updatedAt,
    int pending,
    List<Recalled> vectorContext) {
  public MemoryObject {
    vectorContext = List.copyOf(vectorContext);
  }

  /**
   * A recalled passage.
   *
   * @param score the likelihood that it answers the query, from 0 to 1
   * @param createdAt creation time of the message or the fact, in Unix seconds
   */
  public record Recalled(String text, double score, Source source, long createdAt) {
    static Recalled of(Recall.Passage memory) {
      return new Recalled(
          memory.text(),
          memory.score(),
          new Source(memory.sourceType(), memory.sourceId(), memory.thread()),
          memory.createdAt().getEpochSecond());
    }
  }

  /**
   * The source of a passage.
   *
   * @param type {@code message} or {@code fact}
   */
  public record Source(String type, String id, ThreadId threadId) {}
}
