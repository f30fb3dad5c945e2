package dev.threadmill.search;

import java.util.List;

/**
 * BM25 scores of hits as shares of the score of a chunk of average length that has all terms of the
 * query once. How often a chunk has a term counts if the index counts terms.
 */
public final class Bm25 {
  private static final double K1 = 1.0;
  private static final double B = 0.4;

  /** The frequencies that stand for two or three, and for more. */
  private static final double AT_TWICE = 2.3;

  private static final double AT_OFTEN = 6;

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
    this(hits, entries, frequencies(terms, hits));
  }

  /**
   * Scores hits against each other.
   *
   * @param entries the number of entries in the scope
   * @param documentFrequencies how many of them have each term of the query
   */
  public Bm25(List<Hit> hits, long entries, double[] documentFrequencies) {
    this.hits = hits;
    int terms = documentFrequencies.length;
    double lengths = 0;
    for (var hit : hits) {
      lengths += hit.length();
    }
    averageLength = Math.max(1, lengths / Math.max(1, hits.size()));
    idf = new double[terms];
    double weights = 0;
    for (int term = 0; term < terms; term++) {
      idf[term] = idf(Math.max(entries, hits.size()), documentFrequencies[term]);
      weights += idf[term];
    }
    sum = Math.max(1e-9, weights);
  }

  private static double[] frequencies(int terms, List<Hit> hits) {
    var frequencies = new double[terms];
    for (var hit : hits) {
      for (int term = 0; term < terms; term++) {
        frequencies[term] += hit.matchedTerms() >>> term & 1;
      }
    }
    return frequencies;
  }

  /** The inverse document frequency of a term. */
  static double idf(long entries, double documentFrequency) {
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

  /**
   * The sum of the weights of terms.
   *
   * @param norm what the length of the chunk makes of k1
   */
  static double weight(double[] idf, int matched, int twice, int often, double norm) {
    double weight = 0;
    for (int rest = matched; rest != 0; rest &= rest - 1) {
      int term = Integer.numberOfTrailingZeros(rest);
      int frequency = (often >>> term & 1) != 0 ? 2 : (twice >>> term & 1);
      weight += termWeight(idf[term], frequency, norm);
    }
    return weight;
  }

  /**
   * What a term adds to a weight.
   *
   * @param frequency 0 if the chunk has it once, 1 for twice, 2 for often
   * @param norm what the length of the chunk makes of k1
   */
  static double termWeight(double idf, int frequency, double norm) {
    double times =
        switch (frequency) {
          case 0 -> 1;
          case 1 -> AT_TWICE;
          default -> AT_OFTEN;
        };
    return idf * times * (K1 + 1) / (times + norm);
  }

  /** What {@link #weight} takes for a chunk of this length. */
  static double norm(int length, double averageLength) {
    return K1 * (1 - B + B * length / averageLength);
  }

  /** The score of each hit. */
  public double[] scores() {
    var scores = new double[hits.size()];
    for (int i = 0; i < scores.length; i++) {
      var hit = hits.get(i);
      double norm = norm(hit.length(), averageLength);
      scores[i] = weight(idf, hit.matchedTerms(), hit.twice(), hit.often(), norm) / sum;
    }
    return scores;
  }
}
