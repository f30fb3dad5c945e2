package dev.threadmill.files.chunks;

/**
 * The sizes of chunks.
 *
 * @param maxTokens the most tokens of a chunk, at least 16
 * @param overlapTokens the most tokens at the start of a chunk that repeat the end of the chunk
 *     before it; at most half of {@code maxTokens}
 */
public record ChunkingStrategy(int maxTokens, int overlapTokens) {
  /** The sizes for files whose owner names none, those of the Assistants API. */
  public static final ChunkingStrategy DEFAULT = new ChunkingStrategy(800, 400);

  public ChunkingStrategy {
    if (maxTokens < 16) {
      throw new IllegalArgumentException("maxTokens is below 16: " + maxTokens);
    }
    if (overlapTokens < 0 || overlapTokens > maxTokens / 2) {
      throw new IllegalArgumentException(
          "overlapTokens is not between 0 and half of maxTokens: " + overlapTokens);
    }
  }
}
