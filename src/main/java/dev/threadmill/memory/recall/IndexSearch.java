package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.text.Question;
import dev.threadmill.models.Embeddings;
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
public class IndexSearch {
  /** A thread is read whole far beyond that, since neighbours and rarity matter within it. */
  private static final int MOST_READ_WHOLE = 20_000;

  private static final int MOST_KNOWN = 10_000;

  private final Jdbc jdbc;
  private final WholeScope whole;
  private final BestEntries best;
  private final KeptScopes kept;
  private final RecallConfig config;

  /** Scopes too large to be counted each time; a scope that has shrunk is still searched right. */
  private final Set<Scope> large = ConcurrentHashMap.newKeySet();

  /** For a database. */
  public IndexSearch(
      Jdbc jdbc,
      VectorColumn vectors,
      RareTerms rareTerms,
      Embeddings embeddings,
      RecallConfig config) {
    this.jdbc = jdbc;
    this.whole = new WholeScope(jdbc, vectors, embeddings);
    this.best = new BestEntries(jdbc, vectors, rareTerms, embeddings);
    this.kept = new KeptScopes(jdbc, vectors, embeddings, config);
    this.config = config;
  }

  /**
   * What was found.
   *
   * @param candidates thread by thread, in the order in which they were said
   * @param texts how many there are in the scope, as far as is known
   */
  public record Found(List<Candidate> candidates, long texts) {}

  /** The best entries of all threads of a scope. */
  public Found in(MemoryScope scope, Question question, QuestionVector vector)
      throws InterruptedException {
    return switch (scope) {
      case MemoryScope.OfThread(_, var thread) -> inThread(thread, question, vector);
      case MemoryScope.OfAssistant(var project, var assistant) ->
          wide("assistant_id", List.of(project, assistant), question, vector);
      case MemoryScope.OfUser(var project, var user) ->
          wide("user_id", List.of(project, user), question, vector);
    };
  }

  /** All entries of a thread; the best ones of one that is known to be very long. */
  public Found inThread(ThreadId thread, Question question, QuestionVector vector)
      throws InterruptedException {
    var scope = new Scope("i.thread_id = ?", List.of(thread));
    var found = kept.search(scope, question, vector, MOST_READ_WHOLE, BestEntries.BEST);
    return found.isPresent() ? found.get() : noted(scope, ofThread(scope, question, vector));
  }

  private Found ofThread(Scope scope, Question question, QuestionVector vector)
      throws InterruptedException {
    if (large.contains(scope)) {
      long texts = MOST_READ_WHOLE + 1L;
      return new Found(best.read(scope, question, vector, texts, true), texts);
    }
    var all = whole.read(scope, question, vector);
    if (all.size() > MOST_READ_WHOLE) {
      remember(scope);
    }
    return new Found(all, all.size());
  }

  private Found wide(String column, List<Object> owner, Question question, QuestionVector vector)
      throws InterruptedException {
    var scope = new Scope("i.project_id = ? AND i.%s = ?".formatted(column), owner);
    var found = kept.search(scope, question, vector, config.readWhole(), BestEntries.BEST);
    return found.isPresent() ? found.get() : noted(scope, ofMany(scope, question, vector));
  }

  private Found ofMany(Scope scope, Question question, QuestionVector vector)
      throws InterruptedException {
    long texts = count(scope);
    var candidates =
        texts <= config.readWhole()
            ? whole.read(scope, question, vector)
            : best.read(scope, question, vector, texts, texts > config.compareAll());
    return new Found(candidates, texts);
  }

  private Found noted(Scope scope, Found found) {
    kept.searched(scope, found.texts());
    return found;
  }

  /** How many entries this node keeps in its heap. */
  public long keptEntries() {
    return kept.entries();
  }

  /** How many entries a scope has, counted no further than matters. */
  private long count(Scope scope) {
    if (large.contains(scope)) {
      return config.compareAll() + 1L;
    }
    long texts = counted(scope);
    if (texts > config.compareAll()) {
      remember(scope);
    }
    return texts;
  }

  private void remember(Scope scope) {
    if (large.size() < MOST_KNOWN) {
      large.add(scope);
    }
  }

  private long counted(Scope scope) {
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
