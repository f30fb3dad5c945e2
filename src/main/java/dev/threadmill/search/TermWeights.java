package dev.threadmill.search;

import java.util.Arrays;

/**
 * The BM25 weights of the terms of one query, for many entries: what an entry of some length gets
 * for a term is computed once.
 */
final class TermWeights {
  private static final int FREQUENCIES = 3;

  private final double[] idf;
  private final boolean countsTerms;
  private final double averageLength;

  /** By the bits of eight terms each: what they add at most to a weight. */
  private final double[][] most;

  /** By lengths: what each term adds, once, twice and often; null until it is needed. */
  private double[][] byLength = new double[256][];

  /**
   * @param countsTerms whether entries hold how often they have a term; if not, a term adds its
   *     inverse document frequency
   */
  TermWeights(double[] idf, boolean countsTerms, double averageLength) {
    this.idf = idf;
    this.countsTerms = countsTerms;
    this.averageLength = averageLength;
    this.most = new double[TextQuery.MAX_TERMS / Byte.SIZE][1 << Byte.SIZE];
    double shortest = Bm25.norm(0, averageLength);
    for (int group = 0; group < most.length; group++) {
      for (int bits = 1; bits < most[group].length; bits++) {
        int term = group * Byte.SIZE + Integer.numberOfTrailingZeros(bits);
        if (term < idf.length) {
          double added = countsTerms ? Bm25.termWeight(idf[term], 2, shortest) : idf[term];
          most[group][bits] = most[group][bits & bits - 1] + added;
        }
      }
    }
  }

  /** A bound of the weight of an entry that has these terms, a bit each, whatever its length. */
  double bound(int matched) {
    return most[0][matched & 0xFF] + most[1][matched >>> 8 & 0xFF] + most[2][matched >>> 16 & 0xFF];
  }

  /** The weight of an entry of this length. */
  double of(int length, int matched, int twice, int often) {
    if (!countsTerms) {
      return bound(matched);
    }
    var added = added(length);
    double weight = 0;
    for (int rest = matched; rest != 0; rest &= rest - 1) {
      int term = Integer.numberOfTrailingZeros(rest);
      int frequency = (often >>> term & 1) != 0 ? 2 : (twice >>> term & 1);
      weight += added[term * FREQUENCIES + frequency];
    }
    return weight;
  }

  private double[] added(int length) {
    if (length >= byLength.length) {
      byLength = Arrays.copyOf(byLength, length + 1);
    }
    var added = byLength[length];
    if (added == null) {
      added = new double[idf.length * FREQUENCIES];
      double norm = Bm25.norm(length, averageLength);
      for (int term = 0; term < idf.length; term++) {
        for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
          added[term * FREQUENCIES + frequency] = Bm25.termWeight(idf[term], frequency, norm);
        }
      }
      byLength[length] = added;
    }
    return added;
  }
}
