package dev.threadmill.search;

import java.time.Instant;
import java.util.Comparator;

/**
 * An entry of the index that may answer a query, with the parts that a ranking makes its score of.
 *
 * @param group the id of what the source belongs to
 * @param sourceId the text that the entry is a chunk of
 * @param chunk the chunk's number within the source, from 0
 * @param model the embedding model of the entry's vector
 * @param flags eight bits that the index's user has set
 * @param length the number of terms, at most {@link IndexDocument#MAX_LENGTH}
 * @param startOffset where the chunk begins within the source, in code points
 * @param endOffset where it ends
 * @param originalTime when the text was written, by its own account; null if it does not say
 * @param similarity cosine to the query; null where the entry has no comparable vector
 * @param matchedTerms bit i is set if the entry has the query's term i
 * @param twice the same for terms that the entry has at least twice, if the index counts terms
 * @param often the same for terms that the entry has at least {@link TermFrequency#OFTEN} times
 */
public record Hit(
    String group,
    String sourceId,
    int chunk,
    String model,
    Instant createdAt,
    int flags,
    int length,
    int startOffset,
    int endOffset,
    Instant originalTime,
    Double similarity,
    int matchedTerms,
    int twice,
    int often) {

  /** Group by group, in the order of creation, the chunks of a source together. */
  public static final Comparator<Hit> CHRONOLOGICAL =
      Comparator.comparing(Hit::group)
          .thenComparing(Hit::createdAt)
          .thenComparing(Hit::sourceId)
          .thenComparingInt(Hit::chunk);

  /** A copy without a similarity, for a vector of another model than the query's. */
  public Hit withoutVector() {
    return withSimilarity(null);
  }

  /** A copy with another similarity. */
  public Hit withSimilarity(Double cosine) {
    return forQuery(cosine, matchedTerms, twice, often);
  }

  /** A copy with the parts that depend on a query. */
  public Hit forQuery(Double cosine, int terms, int twiceTerms, int oftenTerms) {
    return new Hit(
        group,
        sourceId,
        chunk,
        model,
        createdAt,
        flags,
        length,
        startOffset,
        endOffset,
        originalTime,
        cosine,
        terms,
        twiceTerms,
        oftenTerms);
  }

  /** A copy that covers a longer or shorter range of the source. */
  public Hit withOffsets(int start, int end) {
    return new Hit(
        group,
        sourceId,
        chunk,
        model,
        createdAt,
        flags,
        length,
        start,
        end,
        originalTime,
        similarity,
        matchedTerms,
        twice,
        often);
  }
}
