package dev.threadmill.memory.recall;

import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.search.Bm25;
import dev.threadmill.search.CosineCalibration;
import dev.threadmill.search.Hit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Ranks hits by the likelihood that they answer the question. The score is that likelihood, from 0
 * to 1: a logistic model of some twenty features. Its weights were fitted to some conversations of
 * the evaluation set and checked on the others ({@code threadmill bench memory}, docs/memory.md).
 */
public final class Ranking {
  // The weights are log-odds.
  private static final double SIMILARITY = 7.2;
  private static final double SIMILARITY_BEFORE = 1.1;
  private static final double SIMILARITY_AFTER = 0.45;
  private static final double SIMILARITY_AROUND = 3.05;
  private static final double TERMS_OF_SOURCE = 2.65;
  private static final double TERMS = 0.8;
  private static final double TERMS_BEFORE = 0.85;
  private static final double TERMS_AFTER = 0.33;
  private static final double TERMS_AROUND = 1.5;
  private static final double QUESTION = -0.7;
  private static final double LENGTH = 0.65;
  private static final double SHORT = -0.7;
  private static final double TIME_ASKED = 0.9;
  private static final double NUMBER_ASKED = 0.85;
  private static final double NAME_ASKED = 1.05;
  private static final double ASSISTANT_ASKED = 2.35;
  private static final double ASSISTANT_IMPERSONAL = -0.7;
  private static final double IN_TIME = 2.0;
  private static final double RECENT = 0.13;
  private static final double RECENT_ASKED = 1.0;
  private static final double FACT = 0.5;
  private static final double ECHO = -4.0;
  private static final double BASE = -10.2;

  /** The similarity that a text without a vector is given: neither near nor far. */
  private static final double UNKNOWN_SIMILARITY = 0.2;

  /** From this similarity on a question is the same question asked before, and no answer. */
  private static final double SAME_QUESTION = 0.95;

  /** The number of messages to either side that count as context. */
  private static final int AROUND = 3;

  private static final Duration POSTED_TOGETHER = Duration.ofHours(1);
  private static final int SHORT_TEXT = 4;
  private static final int LONG_TEXT = 25;

  private final MemoryQuery question;

  /** A ranking for a question. */
  public Ranking(MemoryQuery question) {
    this.question = question;
  }

  /** A hit with its score. */
  public record ScoredHit(Hit hit, double score) {}

  /**
   * Ranks hits, best first.
   *
   * @param hits in chronological order: the neighbours of a hit stand beside it
   * @param entries the number of entries in the scope, for how rare a term is
   */
  public List<ScoredHit> rank(List<Hit> hits, long entries) {
    if (hits.isEmpty()) {
      return List.of();
    }
    var bm25 = new Bm25(question.query().terms().size(), hits, Math.max(entries, hits.size()));
    var near = new Neighbours(hits);
    var bm25Scores = bm25.scores();
    var similarities = hits.stream().mapToDouble(Ranking::similarity).toArray();
    var sourceSimilarities = near.maxPerSource(similarities);
    var sourceBm25 = near.maxPerSource(bm25Scores);
    var similaritiesAround = near.maxAround(sourceSimilarities, AROUND);
    var bm25Around = near.maxAround(sourceBm25, AROUND);
    var times = originalTimes(hits);
    boolean timeDistinguishes = timeDistinguishes(times);
    var scored = new ArrayList<ScoredHit>(hits.size());
    for (int i = 0; i < hits.size(); i++) {
      int source = near.source(i);
      var hit = hits.get(i);
      double odds =
          BASE
              + SIMILARITY * similarities[i]
              + SIMILARITY_BEFORE * near.valueOfNeighbour(sourceSimilarities, source, -1)
              + SIMILARITY_AFTER * near.valueOfNeighbour(sourceSimilarities, source, 1)
              + SIMILARITY_AROUND * similaritiesAround[source]
              + TERMS_OF_SOURCE * bm25.weight(near.matchedTerms(source))
              + TERMS * bm25Scores[i]
              + TERMS_BEFORE * near.valueOfNeighbour(sourceBm25, source, -1)
              + TERMS_AFTER * near.valueOfNeighbour(sourceBm25, source, 1)
              + TERMS_AROUND * bm25Around[source]
              + ofFeatures(hit)
              + (similarities[i] > SAME_QUESTION && features(hit).isQuestion() ? ECHO : 0)
              + (timeDistinguishes && isInTime(times[i]) ? IN_TIME : 0)
              + (question.asksForLatest() ? RECENT_ASKED : RECENT) * i / hits.size();
      scored.add(new ScoredHit(hit, 1 / (1 + Math.exp(-odds))));
    }
    scored.sort(Comparator.comparingDouble(ScoredHit::score).reversed());
    return scored;
  }

  private static TextFeatures features(Hit hit) {
    return new TextFeatures(hit.flags());
  }

  private double ofFeatures(Hit hit) {
    var features = features(hit);
    double odds = LENGTH * Math.log(Math.clamp(hit.length(), 3, LONG_TEXT));
    odds += features.isQuestion() ? QUESTION : 0;
    odds += hit.length() < SHORT_TEXT ? SHORT : 0;
    odds += question.asksWhen() && features.mentionsTime() ? TIME_ASKED : 0;
    odds += question.asksHowMany() && features.mentionsNumber() ? NUMBER_ASKED : 0;
    odds += question.asksWho() && features.mentionsName() ? NAME_ASKED : 0;
    odds += question.asksOfAssistant() && features.byAssistant() ? ASSISTANT_ASKED : 0;
    odds += features.byAssistant() && !features.isFirstPerson() ? ASSISTANT_IMPERSONAL : 0;
    odds += features.isFact() ? FACT : 0;
    return odds;
  }

  /**
   * The time of each hit. A text without a time of its own has that of the last text that has one,
   * as in a session of which only the first message is dated, if they were posted together.
   */
  private static Instant[] originalTimes(List<Hit> hits) {
    var times = new Instant[hits.size()];
    Hit dated = null;
    for (int i = 0; i < times.length; i++) {
      var hit = hits.get(i);
      if (hit.originalTime() != null) {
        dated = hit;
      } else if (dated != null && !isPostedWith(dated, hit)) {
        dated = null;
      }
      times[i] = dated == null ? hit.createdAt() : dated.originalTime();
    }
    return times;
  }

  private static boolean isPostedWith(Hit dated, Hit other) {
    return dated.group().equals(other.group())
        && other.createdAt().isBefore(dated.createdAt().plus(POSTED_TOGETHER));
  }

  /** Times are no evidence where all texts are within the time range, or none is. */
  private boolean timeDistinguishes(Instant[] times) {
    long inside = Arrays.stream(times).filter(this::isInTime).count();
    return inside > 0 && inside < times.length;
  }

  private boolean isInTime(Instant time) {
    return question.time().isPresent() && question.time().get().contains(time);
  }

  private static double similarity(Hit hit) {
    return hit.similarity() == null
        ? UNKNOWN_SIMILARITY
        : CosineCalibration.calibrate(hit.model(), hit.similarity());
  }
}
