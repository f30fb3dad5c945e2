package dev.threadmill.vectorstores.search;

import dev.threadmill.search.Bm25;
import dev.threadmill.search.CosineCalibration;
import dev.threadmill.search.Hit;
import dev.threadmill.search.Hits;
import dev.threadmill.search.TextQuery;

/**
 * Scores the hits of a query from 0 to 1, as a weighted mean of two calibrated scores: the cosine,
 * in a range that is the same for all models, and the share of the query's words, weighted by their
 * rarity in the store. Both mean the same in every store and for every query, so thresholds and
 * scores of several searches compare.
 */
final class ScoreHits {
  private ScoreHits() {}

  /** The scores of the hits, in their order. */
  static double[] of(Hits found, TextQuery query, SearchRequest.Weights weights) {
    var hits = found.hits();
    var bm25 =
        found.documentFrequencies() == null
            ? new Bm25(query.terms().size(), hits, Math.max(found.totalEntries(), hits.size()))
            : new Bm25(hits, found.totalEntries(), found.documentFrequencies());
    var byWords = bm25.scores();
    boolean hasWords = !query.terms().isEmpty();
    boolean hasMeaning = hits.stream().anyMatch(hit -> hit.similarity() != null);
    double meaningWeight = hasMeaning ? weights.meaning() : 0;
    double wordsWeight = hasWords ? weights.words() : 0;
    double sum = Math.max(1e-9, meaningWeight + wordsWeight);
    var scores = new double[hits.size()];
    for (int i = 0; i < scores.length; i++) {
      // below 1 for any share, so that chunks with all words keep their order
      double words = Math.tanh(byWords[i]);
      scores[i] = (meaningWeight * meaning(hits.get(i)) + wordsWeight * words) / sum;
    }
    return scores;
  }

  private static double meaning(Hit hit) {
    return hit.similarity() == null
        ? 0
        : Math.clamp(CosineCalibration.calibrate(hit.model(), hit.similarity()), 0, 1);
  }
}
