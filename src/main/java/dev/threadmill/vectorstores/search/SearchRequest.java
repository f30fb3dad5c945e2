package dev.threadmill.vectorstores.search;

import java.util.List;

/**
 * What is searched for in vector stores.
 *
 * @param queries at least one; a passage has the score of the query that it fits best
 * @param filter which files are searched; null for all
 * @param maxResults the most passages
 * @param scoreThreshold passages that score less are left out, 0 to 1
 * @param weights how much meaning and words count
 * @param rerank whether the best passages are ranked again, by a model if the server has one
 */
public record SearchRequest(
    List<String> queries,
    AttributeFilter filter,
    int maxResults,
    double scoreThreshold,
    Weights weights,
    boolean rerank) {
  /** The longest query, in characters. */
  public static final int MAX_QUERY = 4_096;

  /** The most queries of a search. */
  public static final int MAX_QUERIES = 8;

  /** The most passages of a search. */
  public static final int MAX_RESULTS = 50;

  public SearchRequest {
    queries = List.copyOf(queries);
  }

  /** The shares of meaning and of words in a score. */
  public record Weights(double meaning, double words) {
    /** The shares unless the client says otherwise. */
    public static final Weights DEFAULT = new Weights(0.6, 0.4);

    public Weights {
      if (!(meaning >= 0 && words >= 0 && meaning + words > 0)) {
        throw new IllegalArgumentException("weights are not negative, and not both zero");
      }
    }
  }
}
