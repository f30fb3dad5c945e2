package dev.threadmill.search;

import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * A source as the index takes it in.
 *
 * @param group the id of what the source belongs to
 * @param owners the values of the table's owner columns, in their order; null where unknown
 * @param model the embedding model of the vectors
 * @param originalTime when the text was written, by its own account; null if it does not say
 * @param chunks in their order; none if the source has no text
 */
public record IndexDocument(
    String group,
    String sourceId,
    List<Object> owners,
    String model,
    Instant createdAt,
    Instant originalTime,
    List<Chunk> chunks) {
  /** The number of terms beyond which a chunk's length is no longer distinguished. */
  public static final int MAX_LENGTH = 40;

  public IndexDocument {
    chunks = List.copyOf(chunks);
  }

  /**
   * A chunk of a source.
   *
   * @param startOffset in code points
   * @param endOffset in code points
   * @param flags eight bits for the user of the index
   * @param length the number of terms, repetitions included
   * @param terms all forms of all terms, each once
   * @param vector null if the text could not be embedded
   */
  public record Chunk(
      int startOffset,
      int endOffset,
      int flags,
      int length,
      Collection<String> terms,
      float[] vector) {
    int traits() {
      return withLength(flags, length);
    }
  }

  /** The value of the column {@code traits} with another number of terms. */
  public static int withLength(int traits, int length) {
    return Math.min(length, MAX_LENGTH) << Byte.SIZE | traits & 0xFF;
  }
}
