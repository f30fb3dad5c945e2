package dev.threadmill.memory;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Embeddings;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Finds candidates. A thread is read whole: some thousands of rows by their key are exact, and give
 * the ranking every neighbour and every term's rarity. Wider scopes are too large for that once
 * they exceed a bound; they are asked through HNSW and GIN, which gives the best by meaning and by
 * words.
 */
@ApplicationScoped
class IndexSearch {
  /** A thread is read whole far beyond that, since neighbours and rarity matter within it. */
  private static final int MOST_READ_WHOLE = 20_000;

  private static final int BEST_BY_MEANING = 50;
  private static final int BEST_BY_WORDS = 50;
  private static final int MOST_KNOWN = 10_000;
  private static final int LONG_WORD = 6;

  /**
   * Owners differ in size by far more than a plan for all of them could serve; and without the
   * iterative scan a filter over the graph leaves too few rows, or none.
   */
  private static final String SETTINGS =
      """
      SELECT set_config('plan_cache_mode', 'force_custom_plan', true) AS a,
        set_config('hnsw.iterative_scan', 'relaxed_order', true) AS b,
        set_config('hnsw.ef_search', '200', true) AS c,
        set_config('hnsw.max_scan_tuples', '40000', true) AS d
      """;

  private static final String COLUMNS =
      """
      i.thread_id, i.source_type, i.source_id, i.part, i.model, i.created_at, i.traits,
        i.begins, i.ends, i.said_at, %s AS matches,
        CASE WHEN i.model = q.model THEN 1 - (i.embedding <=> q.vector) END AS similarity
      """;

  private final Jdbc jdbc;
  private final VectorColumn vectors;
  private final RareTerms rareTerms;
  private final Embeddings embeddings;
  private final MemoryConfig config;

  /** Scopes too large to be counted each time; a scope that has shrunk is still searched right. */
  private final Set<String> large = ConcurrentHashMap.newKeySet();

  IndexSearch(
      Jdbc jdbc,
      VectorColumn vectors,
      RareTerms rareTerms,
      Embeddings embeddings,
      MemoryConfig config) {
    this.jdbc = jdbc;
    this.vectors = vectors;
    this.rareTerms = rareTerms;
    this.embeddings = embeddings;
    this.config = config;
  }

  /**
   * What was found.
   *
   * @param candidates thread by thread, in the order in which they were said
   * @param texts how many there are in the scope, as far as is known
   */
  record Found(List<Candidate> candidates, long texts) {}

  /** All entries of a thread; the best ones of one that is known to be very long. */
  Found inThread(ThreadId thread, Question question, float[] vector) {
    var condition = "i.thread_id = ?";
    var scope = List.<Object>of(thread);
    if (large.contains(condition + scope)) {
      return best(condition, scope, question, vector, MOST_READ_WHOLE + 1);
    }
    var all = readWhole(condition, "", scope, question, vector);
    if (all.size() > MOST_READ_WHOLE) {
      remember(condition + scope);
    }
    return new Found(all, all.size());
  }

  /** The best entries of all threads of a scope. */
  Found in(MemoryScope scope, Question question, float[] vector) {
    return switch (scope) {
      case MemoryScope.OfThread(_, var thread) -> inThread(thread, question, vector);
      case MemoryScope.OfAssistant(var project, var assistant) ->
          wide("assistant_id", List.of(project, assistant), question, vector);
      case MemoryScope.OfUser(var project, var user) ->
          wide("user_id", List.of(project, user), question, vector);
    };
  }

  private Found wide(String column, List<Object> scope, Question question, float[] vector) {
    var condition = "i.project_id = ? AND i.%s = ?".formatted(column);
    long texts = count(condition, scope);
    if (texts <= config.readWhole()) {
      return new Found(readWhole(condition, "i.thread_id, ", scope, question, vector), texts);
    }
    return best(condition, scope, question, vector, texts);
  }

  private Found best(
      String condition, List<Object> scope, Question question, float[] vector, long texts) {
    var keys =
        jdbc.inTransaction(
            tx -> {
              tx.one(SETTINGS, row -> row.text("a"));
              var found = new LinkedHashSet<Key>();
              if (vector != null) {
                found.addAll(nearest(tx, condition, scope, vector, texts > config.compareAll()));
              }
              found.addAll(byWords(tx, condition, scope, question));
              return found;
            });
    // Outside of the settings: planned anew each time, this would take longer to plan than to do.
    return new Found(withNeighbours(keys, question, vector), texts);
  }

  /** How many entries a scope has, counted no further than matters. */
  private long count(String condition, List<Object> scope) {
    var key = condition + scope;
    if (large.contains(key)) {
      return config.compareAll() + 1;
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

  private List<Candidate> readWhole(
      String condition, String first, List<Object> scope, Question question, float[] vector) {
    var params = questionParams(question, vector);
    params.addAll(scope);
    return jdbc.list(
        questionCte(question)
            + "SELECT "
            + COLUMNS.formatted(matches(question))
            + "FROM memory_index i, q WHERE "
            + condition
            + " ORDER BY "
            + first
            + "i.created_at, i.source_id, i.part",
        new Reader()::read,
        params.toArray());
  }

  private record Key(String thread, String source, int part) {}

  private List<Key> nearest(
      Tx tx, String condition, List<Object> scope, float[] vector, boolean graph) {
    var type = "%s(%d)".formatted(vectors.kind().type(), vector.length);
    // A sum is nothing that the graph is ordered by, so the filter's own index is used.
    var order =
        graph
            ? "i.embedding::%s <=> ?::%s".formatted(type, type)
            : "(i.embedding <=> ?::%s) + 0".formatted(vectors.kind().type());
    var params = new ArrayList<Object>(scope);
    params.add(VectorColumn.literal(vector));
    // The model stands in the statement itself, so that its partial index can be used.
    return tx.list(
        """
        SELECT i.thread_id, i.source_id, i.part FROM memory_index i
        WHERE %s AND i.model = '%s'
        ORDER BY %s LIMIT %d
        """
            .formatted(condition, modelLiteral(), order, BEST_BY_MEANING),
        IndexSearch::key,
        params.toArray());
  }

  private List<Key> byWords(Tx tx, String condition, List<Object> scope, Question question) {
    var query = rareTerms.selectiveQuery(question.terms());
    if (query.isEmpty()) {
      return List.of();
    }
    var params = new ArrayList<Object>();
    params.add(anyOf(question.terms()));
    params.addAll(scope);
    params.add(query.get());
    return tx.list(
        """
        SELECT i.thread_id, i.source_id, i.part FROM memory_index i, (SELECT ?::tsquery AS query) w
        WHERE %s AND i.model = '%s' AND i.terms @@ ?::tsquery
        ORDER BY ts_rank(i.terms, w.query) DESC, i.created_at DESC LIMIT %d
        """
            .formatted(condition, modelLiteral(), BEST_BY_WORDS),
        IndexSearch::key,
        params.toArray());
  }

  /** The entries of these keys, and of what was said right before and after each. */
  private List<Candidate> withNeighbours(Collection<Key> keys, Question question, float[] vector) {
    if (keys.isEmpty()) {
      return List.of();
    }
    var params = questionParams(question, vector);
    params.add(keys.stream().map(Key::thread).toList());
    params.add(keys.stream().map(Key::source).toList());
    params.add(keys.stream().map(key -> Integer.toString(key.part())).toList());
    for (int i = 0; i < 2; i++) {
      params.add(embeddings.name());
    }
    return jdbc.list(
        questionCte(question)
            + """
            , hits AS (
              SELECT * FROM unnest(?::text[], ?::text[], ?::int[]) AS k (thread_id, source_id, part)
            ), wanted AS (
              SELECT thread_id, source_id, part FROM hits
              UNION
              SELECT m.thread_id, i.source_id, i.part
              FROM hits k
              JOIN messages m ON m.thread_id = k.thread_id AND m.id = k.source_id
              CROSS JOIN LATERAL (
                (SELECT b.id FROM messages b
                 WHERE b.thread_id = m.thread_id AND (b.created_at, b.id) < (m.created_at, m.id)
                 ORDER BY b.created_at DESC, b.id DESC LIMIT 1)
                UNION ALL
                (SELECT a.id FROM messages a
                 WHERE a.thread_id = m.thread_id AND (a.created_at, a.id) > (m.created_at, m.id)
                 ORDER BY a.created_at, a.id LIMIT 1)) n
              CROSS JOIN LATERAL (
                -- by the whole key: else the planner reads each thread whole
                SELECT i.source_id, i.part FROM memory_index i
                WHERE i.thread_id = m.thread_id AND i.source_id = n.id AND i.model = ?
                OFFSET 0) i
            )
            SELECT\s\
            """
            + COLUMNS.formatted(matches(question))
            + """
            FROM wanted w JOIN memory_index i ON i.thread_id = w.thread_id
              AND i.source_id = w.source_id AND i.part = w.part AND i.model = ?
            , q
            ORDER BY i.thread_id, i.created_at, i.source_id, i.part
            """,
        new Reader()::read,
        params.toArray());
  }

  /** The question's parts, evaluated once and not for each row. */
  private String questionCte(Question question) {
    var cte =
        new StringBuilder("WITH q AS MATERIALIZED (SELECT ?::")
            .append(vectors.kind().type())
            .append(" AS vector, ?::text AS model, ?::tsquery AS any_term");
    for (int i = 0; i < question.terms().size(); i++) {
      cte.append(", ?::tsquery AS term_").append(i);
    }
    return cte.append(") ").toString();
  }

  private List<Object> questionParams(Question question, float[] vector) {
    var params = new ArrayList<Object>();
    params.add(VectorColumn.literal(vector));
    params.add(embeddings.name());
    var terms = question.terms().stream().map(IndexSearch::withItsForms).toList();
    params.add(String.join(" | ", terms));
    params.addAll(terms);
    return params;
  }

  /** Which terms an entry has, a bit each; looked at closely only where it has any. */
  private static String matches(Question question) {
    if (question.terms().isEmpty()) {
      return "0";
    }
    var bits = new ArrayList<String>();
    for (int i = 0; i < question.terms().size(); i++) {
      bits.add("CASE WHEN i.terms @@ q.term_%d THEN %d ELSE 0 END".formatted(i, 1 << i));
    }
    return "CASE WHEN i.terms @@ q.any_term THEN " + String.join(" + ", bits) + " ELSE 0 END";
  }

  /** The stemmer knows English; the forms of a long word differ at its end in most languages. */
  private static String withItsForms(String term) {
    int length = term.codePointCount(0, term.length());
    return length < LONG_WORD
        ? quoted(term)
        : quoted(term.substring(0, term.offsetByCodePoints(0, length - 1))) + ":*";
  }

  static String anyOf(List<String> terms) {
    return terms.stream().map(IndexSearch::quoted).collect(Collectors.joining(" | "));
  }

  /** A term as the text form of a query has it. */
  static String quoted(String term) {
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'";
  }

  private String modelLiteral() {
    return embeddings.name().replace("'", "''");
  }

  private static Key key(Row row) throws SQLException {
    return new Key(row.text("thread_id"), row.text("source_id"), row.integer("part"));
  }

  /** Makes candidates of rows, thousands at a time: what repeats is made once. */
  private static final class Reader {
    private String lastThread = "";
    private ThreadId thread;

    Candidate read(Row row) throws SQLException {
      var threadText = row.text("thread_id");
      if (!threadText.equals(lastThread)) {
        lastThread = threadText;
        thread = new ThreadId(threadText);
      }
      return new Candidate(
          thread,
          row.text("source_type").equals("message")
              ? Candidate.SourceType.MESSAGE
              : Candidate.SourceType.FACT,
          row.text("source_id"),
          row.integer("part"),
          row.text("model"),
          row.instant("created_at"),
          new Traits(row.integer("traits")),
          row.integer("begins"),
          row.integer("ends"),
          row.instant("said_at"),
          row.number("similarity"),
          row.integer("matches"));
    }
  }
}
