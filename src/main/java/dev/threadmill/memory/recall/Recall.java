package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.Chunks;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/** Finds what was said or learned that bears on a question, best first. */
@ApplicationScoped
public class Recall {
  /** Some more than asked for, since duplicates are merged once the texts are known. */
  private static final int SURPLUS = 8;

  private static final Duration LONG_AGO = Duration.ofDays(2);

  /** The longest passage that is told to a reader, in characters: what surrounds the best piece. */
  private static final int LONGEST_READ = 2_000;

  private final MemorySearch search;
  private final TextStore texts;
  private final Embeddings embeddings;
  private final InstantSource clock;

  /** For what has been indexed. */
  public Recall(MemorySearch search, TextStore texts, Embeddings embeddings, InstantSource clock) {
    this.search = search;
    this.texts = texts;
    this.embeddings = embeddings;
    this.clock = clock;
  }

  /**
   * A remembered text.
   *
   * @param score how likely it answers the question, from 0 to 1
   * @param sourceType {@code message} or {@code fact}
   * @param sourceId the message's or the fact's id
   * @param begins where the text begins within its source, in characters
   * @param ends where it ends
   */
  public record Passage(
      String text,
      double score,
      String sourceType,
      String sourceId,
      ThreadId thread,
      Instant createdAt,
      int startOffset,
      int endOffset) {}

  /**
   * Recalls.
   *
   * @param limit how many memories at most
   */
  public List<Passage> recall(MemoryScope scope, String question, int limit)
      throws InterruptedException {
    return recall(
        scope,
        MemoryQuery.of(question, clock.instant()),
        limit,
        LONGEST_READ,
        Set.of(),
        asked -> QueryVector.of(asked, embeddings));
  }

  /**
   * Recalls what is not shown already.
   *
   * @param shown ids of messages that are left out
   * @param patience how long the embedding model may take; then words alone find memories
   */
  public List<Passage> recall(
      MemoryScope scope, String asked, int limit, Set<String> shown, Duration patience)
      throws InterruptedException {
    return recall(
        scope,
        MemoryQuery.of(asked, clock.instant()),
        limit,
        Chunks.MAX_LENGTH,
        shown,
        question -> QueryVector.of(question, embeddings, patience));
  }

  private List<Passage> recall(
      MemoryScope scope,
      MemoryQuery asked,
      int limit,
      int longest,
      Set<String> shown,
      Function<MemoryQuery, QueryVector> embedding)
      throws InterruptedException {
    if (asked.text().isEmpty() || limit <= 0) {
      return List.of();
    }
    var found = search.search(scope, asked, embedding.apply(asked));
    var question = asOf(newest(found.candidates()), asked);
    var candidates = withoutDoubles(found.candidates());
    var ranked = new Ranking(question).rank(candidates, found.totalEntries());
    var best = bestOfEachSource(ranked, limit + SURPLUS, shown);
    var pieces = best.stream().map(Ranking.ScoredCandidate::candidate).toList();
    return merged(best, new Snippets(candidates, pieces, longest), limit);
  }

  /**
   * Of a conversation that was brought from elsewhere, "last week" means the week before its end.
   *
   * @param newest the last time that its messages name; null if they name none
   */
  private MemoryQuery asOf(Instant newest, MemoryQuery question) {
    return newest == null || newest.isAfter(clock.instant().minus(LONG_AGO))
        ? question
        : MemoryQuery.of(question.text(), newest);
  }

  private static Instant newest(List<Candidate> candidates) {
    return candidates.stream()
        .map(Candidate::originalTime)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  /**
   * While a new model takes over, texts have entries of both. Only the present model's vectors
   * compare to the question's; of a text that has none of those the other entry counts by its
   * words.
   */
  private List<Candidate> withoutDoubles(List<Candidate> candidates) {
    var present = embeddings.name();
    boolean same = candidates.stream().allMatch(candidate -> candidate.model().equals(present));
    if (same) {
      return candidates;
    }
    var renewed = new HashSet<String>();
    candidates.stream()
        .filter(candidate -> candidate.model().equals(present))
        .forEach(candidate -> renewed.add(candidate.sourceId()));
    var kept = new ArrayList<Candidate>();
    for (var candidate : candidates) {
      if (candidate.model().equals(present)) {
        kept.add(candidate);
      } else if (renewed.add(candidate.sourceId() + "/" + candidate.chunk())
          && !renewed.contains(candidate.sourceId())) {
        kept.add(candidate.withoutVector());
      }
    }
    return kept;
  }

  private static List<Ranking.ScoredCandidate> bestOfEachSource(
      List<Ranking.ScoredCandidate> ranked, int limit, Set<String> shown) {
    var best = new LinkedHashMap<String, Ranking.ScoredCandidate>();
    for (var each : ranked) {
      var candidate = each.candidate();
      if (!shown.contains(candidate.sourceId())) {
        best.putIfAbsent(candidate.thread().value() + candidate.sourceId(), each);
      }
      if (best.size() == limit) {
        break;
      }
    }
    return List.copyOf(best.values());
  }

  /**
   * Fetches the texts; of the same text said several times the best and, at a tie, newest stays.
   */
  private List<Passage> merged(List<Ranking.ScoredCandidate> ranked, Snippets passages, int limit) {
    var wide = ranked.stream().map(each -> passages.expand(each.candidate())).toList();
    Map<Candidate, String> read = texts.read(wide);
    var byText = new HashMap<String, Passage>();
    var memories = new ArrayList<Passage>();
    for (int i = 0; i < wide.size(); i++) {
      var candidate = wide.get(i);
      var text = read.get(candidate);
      if (text == null) {
        continue;
      }
      var memory =
          new Passage(
              text,
              Math.round(ranked.get(i).score() * 10_000) / 10_000.0,
              candidate.type().name().toLowerCase(Locale.ROOT),
              candidate.sourceId(),
              candidate.thread(),
              candidate.createdAt(),
              candidate.startOffset(),
              candidate.endOffset());
      if (byText.putIfAbsent(text.strip().toLowerCase(Locale.ROOT), memory) == null) {
        memories.add(memory);
      }
      if (memories.size() == limit) {
        break;
      }
    }
    return memories;
  }
}
