package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.text.TextFeatures;
import java.time.Instant;
import java.util.Comparator;

/**
 * A piece of the index that may answer a question.
 *
 * @param sourceId the message or the fact
 * @param part the piece's place within it
 * @param begins where the piece begins within the source's text, in characters
 * @param ends where it ends
 * @param saidAt when the text says that it was said; null if it does not say so
 * @param similarity cosine to the question; null where there is no vector
 * @param matches which terms of the question it has, a bit each
 */
public record Candidate(
    ThreadId thread,
    SourceType type,
    String sourceId,
    int chunk,
    String model,
    Instant createdAt,
    TextFeatures features,
    int startOffset,
    int endOffset,
    Instant originalTime,
    Double similarity,
    int matchedTerms) {

  /** Thread by thread, as they were said, the pieces of a source together. */
  public static final Comparator<Candidate> CHRONOLOGICAL =
      Comparator.comparing((Candidate candidate) -> candidate.thread().value())
          .thenComparing(Candidate::createdAt)
          .thenComparing(Candidate::sourceId)
          .thenComparingInt(Candidate::chunk);

  /** What a remembered text is of. */
  public enum SourceType {
    MESSAGE,
    FACT
  }

  /** The same, where its vector does not compare to the question's. */
  Candidate withoutVector() {
    return withSimilarity(null);
  }

  /** The same with another similarity; null for none. */
  Candidate withSimilarity(Double other) {
    return new Candidate(
        thread,
        type,
        sourceId,
        chunk,
        model,
        createdAt,
        features,
        startOffset,
        endOffset,
        originalTime,
        other,
        matchedTerms);
  }

  /**
   * The same, as a question sees it.
   *
   * @param cosine to the question; null where there is no vector
   * @param terms which terms of the question it has, a bit each
   */
  public Candidate forQuery(Double cosine, int terms) {
    return new Candidate(
        thread,
        type,
        sourceId,
        chunk,
        model,
        createdAt,
        features,
        startOffset,
        endOffset,
        originalTime,
        cosine,
        terms);
  }

  /** The same, of a longer or shorter stretch of its source. */
  Candidate withOffsets(int from, int to) {
    return new Candidate(
        thread,
        type,
        sourceId,
        chunk,
        model,
        createdAt,
        features,
        from,
        to,
        originalTime,
        similarity,
        matchedTerms);
  }
}
