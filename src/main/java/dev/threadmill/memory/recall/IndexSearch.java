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
  private final RecallConfig config;

  /** Scopes too large to be counted each time; a scope that has shrunk is still searched right. */
  private final Set<String> large = ConcurrentHashMap.newKeySet();

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
    var condition = "i.thread_id = ?";
    var scope = List.<Object>of(thread);
    if (large.contains(condition + scope)) {
      long texts = MOST_READ_WHOLE + 1L;
      return new Found(best.read(condition, scope, question, vector, texts, true), texts);
    }
    var all = whole.read(condition, scope, question, vector);
    if (all.size() > MOST_READ_WHOLE) {
      remember(condition + scope);
    }
    return new Found(all, all.size());
  }

  private Found wide(String column, List<Object> scope, Question question, QuestionVector vector)
      throws InterruptedException {
    var condition = "i.project_id = ? AND i.%s = ?".formatted(column);
    long texts = count(condition, scope);
    var candidates =
        texts <= config.readWhole()
            ? whole.read(condition, scope, question, vector)
            : best.read(condition, scope, question, vector, texts, texts > config.compareAll());
    return new Found(candidates, texts);
  }

  /** How many entries a scope has, counted no further than matters. */
  private long count(String condition, List<Object> scope) {
    var key = condition + scope;
    if (large.contains(key)) {
      return config.compareAll() + 1L;
    }
    long texts = counted(condition, scope);
    if (texts > config.compareAll()) {
      remember(key);
    }
    return texts;
  }

  private void remember(String key) {
    if (large.size() < MOST_KNOWN) {
      large.add(key);
    }
  }

  private long counted(String condition, List<Object> scope) {
    return jdbc.one(
            """
            SELECT count(*) AS texts FROM
              (SELECT 1 FROM memory_index i WHERE %s LIMIT %d) AS counted
            """
                .formatted(condition, config.compareAll() + 1),
            row -> row.bigint("texts"),
            scope.toArray())
        .orElseThrow();
  }
}
