package dev.threadmill.search;

import java.util.List;

/**
 * BM25 scores of hits as shares of the highest score that the query allows, with binary term
 * frequencies: a chunk rarely repeats a term, so only its length counts beside the terms' rarity.
 */
public final class Bm25 {
  private static final double K1 = 1.0;
  private static final double B = 0.4;

  private final List<Hit> hits;
  private final double[] idf;
  private final double sum;
  private final double averageLength;

  /**
   * Scores hits against each other.
   *
   * @param terms the number of terms of the query
   * @param entries the number of entries in the scope; at least the number of hits
   */
  public Bm25(int terms, List<Hit> hits, long entries) {
    this.hits = hits;
    var documentFrequencies = new int[terms];
    double lengths = 0;
    for (var hit : hits) {
      lengths += hit.length();
      for (int term = 0; term < terms; term++) {
        documentFrequencies[term] += hit.matchedTerms() >>> term & 1;
      }
    }
    averageLength = Math.max(1, lengths / Math.max(1, hits.size()));
    idf = new double[terms];
    double weights = 0;
    for (int term = 0; term < terms; term++) {
      idf[term] = idf(entries, documentFrequencies[term]);
      weights += idf[term];
    }
    sum = Math.max(1e-9, weights);
  }

  /** The inverse document frequency of a term. */
  static double idf(long entries, int documentFrequency) {
    return Math.log(1 + (entries - documentFrequency + 0.5) / (documentFrequency + 0.5));
  }

  /** The share of the query's weight that these terms have, a bit each. */
  public double weight(int matchedTerms) {
    double weight = 0;
    for (int term = 0; term < idf.length; term++) {
      weight += (matchedTerms >>> term & 1) * idf[term];
    }
    return weight / sum;
  }

  /** The score of each hit. */
  public double[] scores() {
    var scores = new double[hits.size()];
    for (int i = 0; i < scores.length; i++) {
      double relative = hits.get(i).length() / averageLength;
      double damping = (K1 + 1) / (1 + K1 * (1 - B + B * relative));
      scores[i] = weight(hits.get(i).matchedTerms()) * damping;
    }
    return scores;
  }
}
