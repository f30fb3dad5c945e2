package dev.threadmill.memory.recall;

import java.util.List;

/** How much of a question's weight in terms each text has: rare terms weigh more. */
public final class Bm25 {
  // BM25: a message rarely repeats a word, so only its length counts beside the words' rarity.
  private static final double SATURATION = 1.0;
  private static final double LENGTH_SHARE = 0.4;

  private final List<Candidate> all;
  private final double[] rarity;
  private final double sum;
  private final double usualLength;

  /**
   * @param count how many terms the question has
   * @param texts how many texts there are in all; at least as many as candidates
   */
  public Bm25(int count, List<Candidate> all, long texts) {
    this.all = all;
    var found = new int[count];
    double lengths = 0;
    for (var candidate : all) {
      lengths += candidate.features().length();
      for (int term = 0; term < count; term++) {
        found[term] += candidate.matchedTerms() >>> term & 1;
      }
    }
    usualLength = Math.max(1, lengths / Math.max(1, all.size()));
    rarity = new double[count];
    double weights = 0;
    for (int term = 0; term < count; term++) {
      rarity[term] = idf(texts, found[term]);
      weights += rarity[term];
    }
    sum = Math.max(1e-9, weights);
  }

  /** How much a term weighs that so many of the texts have. */
  static double idf(long texts, int found) {
    return Math.log(1 + (texts - found + 0.5) / (found + 0.5));
  }

  /** The share of the question's weight that these terms have, a bit each. */
  double weight(int matches) {
    double weight = 0;
    for (int term = 0; term < rarity.length; term++) {
      weight += (matches >>> term & 1) * rarity[term];
    }
    return weight / sum;
  }

  /** Each candidate's share, less for a long text than for a short one: BM25 over its bound. */
  public double[] scores() {
    var shares = new double[all.size()];
    for (int i = 0; i < shares.length; i++) {
      double relative = all.get(i).features().length() / usualLength;
      double damping =
          (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * relative));
      shares[i] = weight(all.get(i).matchedTerms()) * damping;
    }
    return shares;
  }
}
