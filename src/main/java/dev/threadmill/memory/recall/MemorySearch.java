package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds candidates. A thread is read whole: some thousands of rows by their key are exact, and give
 * the ranking every neighbour and every term's rarity. Wider scopes are too large for that once
 * they exceed a bound; they are asked for the best by meaning and by words.
 */
@ApplicationScoped
public class MemorySearch {
  /** A thread is read whole far beyond that, since neighbours and rarity matter within it. */
  private static final int MOST_READ_WHOLE = 20_000;

  private static final int MOST_KNOWN = 10_000;

  private final Jdbc jdbc;
  private final ExactSearch whole;
  private final ApproximateSearch best;
  private final HeapIndexCache kept;
  private final RecallConfig config;

  /** Scopes too large to be counted each time; a scope that has shrunk is still searched right. */
  private final Set<ScopeFilter> large = ConcurrentHashMap.newKeySet();

  /** For a database. */
  public MemorySearch(
      Jdbc jdbc,
      VectorColumn vectors,
      TermStatistics rareTerms,
      Embeddings embeddings,
      RecallConfig config) {
    this.jdbc = jdbc;
    this.whole = new ExactSearch(jdbc, vectors, embeddings);
    this.best = new ApproximateSearch(jdbc, vectors, rareTerms, embeddings);
    this.kept = new HeapIndexCache(jdbc, vectors, embeddings, config);
    this.config = config;
  }

  /**
   * What was found.
   *
   * @param candidates thread by thread, in the order in which they were said
   * @param texts how many there are in the scope, as far as is known
   */
  public record Result(List<Candidate> candidates, long totalEntries) {}

  /** The best entries of all threads of a scope. */
  public Result search(MemoryScope scope, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    return switch (scope) {
      case MemoryScope.OfThread(_, var thread) -> searchThread(thread, question, vector);
      case MemoryScope.OfAssistant(var project, var assistant) ->
          wide("assistant_id", List.of(project, assistant), question, vector);
      case MemoryScope.OfUser(var project, var user) ->
          wide("user_id", List.of(project, user), question, vector);
    };
  }

  /** All entries of a thread; the best ones of one that is known to be very long. */
  public Result searchThread(ThreadId thread, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    var scope = new ScopeFilter("i.thread_id = ?", List.of(thread));
    var found =
        kept.search(
            scope, question, vector, MOST_READ_WHOLE, ApproximateSearch.CANDIDATES_PER_METHOD);
    return found.isPresent() ? found.get() : noted(scope, ofThread(scope, question, vector));
  }

  private Result ofThread(ScopeFilter scope, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    if (large.contains(scope)) {
      long texts = MOST_READ_WHOLE + 1L;
      return new Result(best.read(scope, question, vector, texts, true), texts);
    }
    var all = whole.read(scope, question, vector);
    if (all.size() > MOST_READ_WHOLE) {
      remember(scope);
    }
    return new Result(all, all.size());
  }

  private Result wide(String column, List<Object> owner, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    var scope = new ScopeFilter("i.project_id = ? AND i.%s = ?".formatted(column), owner);
    var found =
        kept.search(
            scope, question, vector, config.readWhole(), ApproximateSearch.CANDIDATES_PER_METHOD);
    return found.isPresent() ? found.get() : noted(scope, ofMany(scope, question, vector));
  }

  private Result ofMany(ScopeFilter scope, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    long texts = count(scope);
    var candidates =
        texts <= config.readWhole()
            ? whole.read(scope, question, vector)
            : best.read(scope, question, vector, texts, texts > config.compareAll());
    return new Result(candidates, texts);
  }

  private Result noted(ScopeFilter scope, Result found) {
    kept.recordSearch(scope, found.totalEntries());
    return found;
  }

  /** How many entries this node keeps in its heap. */
  public long heapEntries() {
    return kept.entries();
  }

  /** How many entries a scope has, counted no further than matters. */
  private long count(ScopeFilter scope) {
    if (large.contains(scope)) {
      return config.compareAll() + 1L;
    }
    long texts = counted(scope);
    if (texts > config.compareAll()) {
      remember(scope);
    }
    return texts;
  }

  private void remember(ScopeFilter scope) {
    if (large.size() < MOST_KNOWN) {
      large.add(scope);
    }
  }

  private long counted(ScopeFilter scope) {
    return jdbc.one(
            """
            SELECT count(*) AS texts FROM
              (SELECT 1 FROM memory_index i WHERE %s LIMIT %d) AS counted
            """
                .formatted(scope.condition(), config.compareAll() + 1),
            row -> row.bigint("texts"),
            scope.params().toArray())
        .orElseThrow();
  }
}
