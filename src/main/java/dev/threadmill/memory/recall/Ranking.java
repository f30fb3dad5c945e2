package dev.threadmill.memory.recall;

import dev.threadmill.memory.text.MemoryQuery;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Orders candidates by how likely they answer the question. The score is that likelihood, from 0 to
 * 1: a logistic model of some twenty features, whose weights were fitted to some conversations of
 * the evaluation set and checked on the others ({@code threadmill bench memory}, docs/memory.md).
 */
public final class Ranking {
  // Features: the weights are in units of log-odds.
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

  /** What a text without a vector is taken to be: neither near nor far. */
  private static final double UNKNOWN_SIMILARITY = 0.2;

  /** The same question asked before is no answer to it. */
  private static final double SAME_QUESTION = 0.95;

  /** How many messages to either side tell what a message is about. */
  private static final int AROUND = 3;

  private static final Duration POSTED_TOGETHER = Duration.ofHours(1);
  private static final int SHORT_TEXT = 4;
  private static final int LONG_TEXT = 25;

  private final MemoryQuery question;

  /** For a question. */
  public Ranking(MemoryQuery question) {
    this.question = question;
  }

  /** A candidate with its score. */
  public record ScoredCandidate(Candidate candidate, double score) {}

  /**
   * Ranks candidates.
   *
   * @param all in the order in which they were said, thread by thread: who stands beside a
   *     candidate is its neighbour
   * @param texts how many texts there are in all, for how rare a term is; at least {@code all}
   */
  public List<ScoredCandidate> rank(List<Candidate> all, long texts) {
    if (all.isEmpty()) {
      return List.of();
    }
    var terms = new Bm25(question.terms().size(), all, Math.max(texts, all.size()));
    var near = new Neighbours(all);
    var shares = terms.scores();
    var similarities = all.stream().mapToDouble(Ranking::similarity).toArray();
    var sourceSimilarities = near.maxPerSource(similarities);
    var sourceShares = near.maxPerSource(shares);
    var similaritiesAround = near.maxAround(sourceSimilarities, AROUND);
    var sharesAround = near.maxAround(sourceShares, AROUND);
    var told = saidTimes(all);
    boolean timeTells = timeTells(told);
    var ranked = new ArrayList<ScoredCandidate>(all.size());
    for (int i = 0; i < all.size(); i++) {
      int source = near.source(i);
      double odds =
          BASE
              + SIMILARITY * similarities[i]
              + SIMILARITY_BEFORE * near.valueOfNeighbour(sourceSimilarities, source, -1)
              + SIMILARITY_AFTER * near.valueOfNeighbour(sourceSimilarities, source, 1)
              + SIMILARITY_AROUND * similaritiesAround[source]
              + TERMS_OF_SOURCE * terms.weight(near.matchedTerms(source))
              + TERMS * shares[i]
              + TERMS_BEFORE * near.valueOfNeighbour(sourceShares, source, -1)
              + TERMS_AFTER * near.valueOfNeighbour(sourceShares, source, 1)
              + TERMS_AROUND * sharesAround[source]
              + ofTraits(all.get(i))
              + (similarities[i] > SAME_QUESTION && all.get(i).features().isQuestion() ? ECHO : 0)
              + (timeTells && inTime(told[i]) ? IN_TIME : 0)
              + (question.asksForLatest() ? RECENT_ASKED : RECENT) * i / all.size();
      ranked.add(new ScoredCandidate(all.get(i), 1 / (1 + Math.exp(-odds))));
    }
    ranked.sort(Comparator.comparingDouble(ScoredCandidate::score).reversed());
    return ranked;
  }

  private double ofTraits(Candidate candidate) {
    var traits = candidate.features();
    double odds = LENGTH * Math.log(Math.clamp(traits.length(), 3, LONG_TEXT));
    odds += traits.isQuestion() ? QUESTION : 0;
    odds += traits.length() < SHORT_TEXT ? SHORT : 0;
    odds += question.asksWhen() && traits.mentionsTime() ? TIME_ASKED : 0;
    odds += question.asksHowMany() && traits.mentionsNumber() ? NUMBER_ASKED : 0;
    odds += question.asksWho() && traits.mentionsName() ? NAME_ASKED : 0;
    odds += question.asksOfAssistant() && traits.byAssistant() ? ASSISTANT_ASKED : 0;
    odds += traits.byAssistant() && !traits.isFirstPerson() ? ASSISTANT_IMPERSONAL : 0;
    odds += candidate.type() == Candidate.SourceType.FACT ? FACT : 0;
    return odds;
  }

  /**
   * When each was said. Who does not say so follows at once upon who did, as in a session of which
   * only the first message has a date, if they were posted together.
   */
  private static Instant[] saidTimes(List<Candidate> all) {
    var times = new Instant[all.size()];
    Candidate teller = null;
    for (int i = 0; i < times.length; i++) {
      var candidate = all.get(i);
      if (candidate.originalTime() != null) {
        teller = candidate;
      } else if (teller != null && !isPostedWith(teller, candidate)) {
        teller = null;
      }
      times[i] = teller == null ? candidate.createdAt() : teller.originalTime();
    }
    return times;
  }

  private static boolean isPostedWith(Candidate teller, Candidate other) {
    return teller.thread().equals(other.thread())
        && other.createdAt().isBefore(teller.createdAt().plus(POSTED_TOGETHER));
  }

  /** Times say nothing where all was said within the span, or nothing was. */
  private boolean timeTells(Instant[] times) {
    long inside = Arrays.stream(times).filter(this::inTime).count();
    return inside > 0 && inside < times.length;
  }

  private boolean inTime(Instant time) {
    return question.time().isPresent() && question.time().get().contains(time);
  }

  private static double similarity(Candidate candidate) {
    return candidate.similarity() == null
        ? UNKNOWN_SIMILARITY
        : CosineCalibration.calibrate(candidate.model(), candidate.similarity());
  }
}
