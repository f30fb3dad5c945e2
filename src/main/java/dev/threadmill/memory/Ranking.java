package dev.threadmill.memory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Orders candidates by how likely they answer the question. The score is that likelihood, from 0 to
 * 1: a logistic model of a dozen features, whose weights were fitted to one half of the evaluation
 * set and checked on the other ({@code threadmill bench memory}, docs/memory.md).
 */
final class Ranking {
  // Features: the weights are in units of log-odds.
  private static final double SIMILARITY = 9.1;
  private static final double SIMILARITY_BEFORE = 1.86;
  private static final double SIMILARITY_AFTER = 1.48;
  private static final double TERMS = 3.3;
  private static final double TERMS_BEFORE = 1.93;
  private static final double TERMS_AFTER = 1.5;
  private static final double QUESTION = -1.23;
  private static final double LENGTH = 1.18;
  private static final double SHORT = -1.0;
  private static final double TIME_ASKED = 0.76;
  private static final double NUMBER_ASKED = 1.07;
  private static final double NAME_ASKED = 1.07;
  private static final double ASSISTANT_ASKED = 2.88;
  private static final double ASSISTANT_IMPERSONAL = -0.87;
  private static final double IN_TIME = 1.5;
  private static final double RECENT = 0.15;
  private static final double RECENT_ASKED = 0.8;
  private static final double FACT = 0.8;
  private static final double BASE = -10.6;

  /** What a text without a vector is taken to be: neither near nor far. */
  private static final double UNKNOWN_SIMILARITY = 0.2;

  private static final int SHORT_TEXT = 4;
  private static final int LONG_TEXT = 25;

  // BM25: a message rarely repeats a word, so only its length counts beside the words' rarity.
  private static final double SATURATION = 1.0;
  private static final double LENGTH_SHARE = 0.4;

  private final Question question;

  Ranking(Question question) {
    this.question = question;
  }

  /** A candidate with its score. */
  record Ranked(Candidate candidate, double score) {}

  /**
   * Ranks candidates.
   *
   * @param all in the order in which they were said, thread by thread: who stands beside a
   *     candidate is its neighbour
   * @param texts how many texts there are in all, for how rare a term is; at least {@code all}
   */
  List<Ranked> rank(List<Candidate> all, long texts) {
    if (all.isEmpty()) {
      return List.of();
    }
    var terms = termShares(all, Math.max(texts, all.size()));
    var ranked = new ArrayList<Ranked>(all.size());
    boolean timeTells = timeTells(all);
    for (int i = 0; i < all.size(); i++) {
      var candidate = all.get(i);
      int before = neighbour(all, i, -1);
      int after = neighbour(all, i, 1);
      double odds =
          BASE
              + SIMILARITY * similarity(candidate)
              + TERMS * terms[i]
              + (before < 0
                  ? 0
                  : SIMILARITY_BEFORE * similarity(all.get(before)) + TERMS_BEFORE * terms[before])
              + (after < 0
                  ? 0
                  : SIMILARITY_AFTER * similarity(all.get(after)) + TERMS_AFTER * terms[after])
              + ofTraits(candidate)
              + (timeTells && inTime(candidate.createdAt()) ? IN_TIME : 0)
              + (question.latest() ? RECENT_ASKED : RECENT) * i / all.size();
      ranked.add(new Ranked(candidate, 1 / (1 + Math.exp(-odds))));
    }
    ranked.sort(Comparator.comparingDouble(Ranked::score).reversed());
    return ranked;
  }

  private double ofTraits(Candidate candidate) {
    var traits = candidate.traits();
    double odds = LENGTH * Math.log(Math.clamp(traits.length(), 3, LONG_TEXT));
    odds += traits.isQuestion() ? QUESTION : 0;
    odds += traits.length() < SHORT_TEXT ? SHORT : 0;
    odds += question.asksWhen() && traits.namesTime() ? TIME_ASKED : 0;
    odds += question.asksHowMany() && traits.namesNumber() ? NUMBER_ASKED : 0;
    odds += question.asksWho() && traits.namesName() ? NAME_ASKED : 0;
    odds += question.asksOfAssistant() && traits.byAssistant() ? ASSISTANT_ASKED : 0;
    odds += traits.byAssistant() && !traits.isFirstPerson() ? ASSISTANT_IMPERSONAL : 0;
    odds += candidate.type() == Candidate.SourceType.FACT ? FACT : 0;
    return odds;
  }

  /** Times say nothing where all was said within the span, or nothing was. */
  private boolean timeTells(List<Candidate> all) {
    long inside = all.stream().filter(candidate -> inTime(candidate.createdAt())).count();
    return inside > 0 && inside < all.size();
  }

  private boolean inTime(Instant time) {
    return question.time().isPresent() && question.time().get().contains(time);
  }

  private static double similarity(Candidate candidate) {
    return candidate.similarity() == null
        ? UNKNOWN_SIMILARITY
        : Similarities.comparable(candidate.model(), candidate.similarity());
  }

  /** The message said before or after, if it is of the same thread. */
  private static int neighbour(List<Candidate> all, int at, int step) {
    var own = all.get(at);
    for (int i = at + step; i >= 0 && i < all.size(); i += step) {
      var other = all.get(i);
      if (!other.thread().equals(own.thread())) {
        return -1;
      }
      if (!other.sourceId().equals(own.sourceId())) {
        return other.type() == own.type() ? i : -1;
      }
    }
    return -1;
  }

  /** For each candidate, how much of the question's weight in terms it has: BM25 over its bound. */
  double[] termShares(List<Candidate> all, long texts) {
    int count = question.terms().size();
    var found = new int[count];
    double lengths = 0;
    for (var candidate : all) {
      lengths += candidate.traits().length();
      for (int term = 0; term < count; term++) {
        found[term] += candidate.matches() >>> term & 1;
      }
    }
    var rarity = new double[count];
    double sum = 0;
    for (int term = 0; term < count; term++) {
      rarity[term] = Math.log(1 + (texts - found[term] + 0.5) / (found[term] + 0.5));
      sum += rarity[term];
    }
    double usual = Math.max(1, lengths / all.size());
    var shares = new double[all.size()];
    for (int i = 0; i < shares.length; i++) {
      var candidate = all.get(i);
      double relative = candidate.traits().length() / usual;
      double damping =
          (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * relative));
      for (int term = 0; term < count; term++) {
        shares[i] += (candidate.matches() >>> term & 1) * rarity[term] * damping / sum;
      }
    }
    return shares;
  }
}
