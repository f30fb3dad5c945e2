package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.search.Chunks;
import dev.threadmill.search.Hit;
import dev.threadmill.search.QueryVector;
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
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/** Finds the passages of messages and facts that bear on a question, best first. */
@ApplicationScoped
public class Recall {
  /** Passages beyond the limit that are read, since equal texts are merged afterwards. */
  private static final int SURPLUS = 8;

  private static final Duration LONG_AGO = Duration.ofDays(2);

  /** The longest passage of an API response, in characters. */
  private static final int MAX_READER_LENGTH = 2_000;

  private final MemoryIndex index;
  private final TextStore texts;
  private final Embeddings embeddings;
  private final InstantSource clock;

  public Recall(MemoryIndex index, TextStore texts, Embeddings embeddings, InstantSource clock) {
    this.index = index;
    this.texts = texts;
    this.embeddings = embeddings;
    this.clock = clock;
  }

  /**
   * A recalled passage.
   *
   * @param score the likelihood that it answers the question, from 0 to 1
   * @param sourceType {@code message} or {@code fact}
   * @param sourceId the message's or the fact's id
   * @param startOffset where the text begins within its source, in code points
   * @param endOffset where it ends
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
   * Recalls passages for a reader.
   *
   * @param limit the most passages
   */
  public List<Passage> recall(MemoryScope scope, String question, int limit)
      throws InterruptedException {
    return recall(
        scope,
        question,
        limit,
        MAX_READER_LENGTH,
        Set.of(),
        text -> QueryVector.of(text, embeddings));
  }

  /**
   * Recalls passages for a model.
   *
   * @param shown ids of messages that are left out
   * @param timeout for embedding the question; after it, words alone find passages
   */
  public List<Passage> recall(
      MemoryScope scope, String question, int limit, Set<String> shown, Duration timeout)
      throws InterruptedException {
    return recall(
        scope,
        question,
        limit,
        Chunks.MAX_LENGTH,
        shown,
        text -> QueryVector.of(text, embeddings, timeout));
  }

  private List<Passage> recall(
      MemoryScope scope,
      String text,
      int limit,
      int maxLength,
      Set<String> shown,
      Function<String, QueryVector> embedding)
      throws InterruptedException {
    var parsed = MemoryQuery.of(text, clock.instant());
    if (parsed.query().text().isEmpty() || limit <= 0) {
      return List.of();
    }
    var found = index.search(scope, parsed.query(), embedding.apply(parsed.query().text()));
    var question = asOf(newest(found.hits()), parsed);
    var hits = withoutOutdated(found.hits());
    var ranked = new Ranking(question).rank(hits, found.totalEntries());
    var best = bestOfEachSource(ranked, limit + SURPLUS, shown);
    var bestHits = best.stream().map(Ranking.ScoredHit::hit).toList();
    return merged(best, new Snippets(hits, bestHits, maxLength), limit);
  }

  /**
   * The question as of the end of a conversation that was imported: "last week" then means the week
   * before its end.
   *
   * @param newest the last original time of its messages; null if they have none
   */
  private MemoryQuery asOf(Instant newest, MemoryQuery question) {
    return newest == null || newest.isAfter(clock.instant().minus(LONG_AGO))
        ? question
        : MemoryQuery.of(question.query().text(), newest);
  }

  private static Instant newest(List<Hit> hits) {
    return hits.stream()
        .map(Hit::originalTime)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  /**
   * Leaves out entries of other embedding models for texts that have entries of the present one.
   * While a new model takes over, texts have entries of both. A text without an entry of the
   * present model keeps one entry without its vector, which does not compare to the query's.
   */
  private List<Hit> withoutOutdated(List<Hit> hits) {
    var present = embeddings.name();
    if (hits.stream().allMatch(hit -> hit.model().equals(present))) {
      return hits;
    }
    var seen = new HashSet<String>();
    hits.stream()
        .filter(hit -> hit.model().equals(present))
        .forEach(hit -> seen.add(hit.sourceId()));
    var kept = new ArrayList<Hit>();
    for (var hit : hits) {
      if (hit.model().equals(present)) {
        kept.add(hit);
      } else if (seen.add(hit.sourceId() + "/" + hit.chunk()) && !seen.contains(hit.sourceId())) {
        kept.add(hit.withoutVector());
      }
    }
    return kept;
  }

  private static List<Ranking.ScoredHit> bestOfEachSource(
      List<Ranking.ScoredHit> ranked, int limit, Set<String> shown) {
    var best = new LinkedHashMap<String, Ranking.ScoredHit>();
    for (var each : ranked) {
      var hit = each.hit();
      if (!shown.contains(hit.sourceId())) {
        best.putIfAbsent(hit.group() + hit.sourceId(), each);
      }
      if (best.size() == limit) {
        break;
      }
    }
    return List.copyOf(best.values());
  }

  /** Reads the texts. Of equal texts the one with the best score stays. */
  private List<Passage> merged(List<Ranking.ScoredHit> ranked, Snippets snippets, int limit) {
    var hits = ranked.stream().map(each -> snippets.expand(each.hit())).toList();
    var references = hits.stream().map(PassageReference::of).toList();
    var read = texts.read(references);
    var byText = new HashMap<String, Passage>();
    var passages = new ArrayList<Passage>();
    for (int i = 0; i < hits.size() && passages.size() < limit; i++) {
      var reference = references.get(i);
      var text = read.get(reference);
      if (text == null) {
        continue;
      }
      var passage =
          new Passage(
              text,
              Math.round(ranked.get(i).score() * 10_000) / 10_000.0,
              reference.type().name().toLowerCase(Locale.ROOT),
              reference.sourceId(),
              reference.thread(),
              hits.get(i).createdAt(),
              reference.startOffset(),
              reference.endOffset());
      if (byText.putIfAbsent(text.strip().toLowerCase(Locale.ROOT), passage) == null) {
        passages.add(passage);
      }
    }
    return passages;
  }
}
