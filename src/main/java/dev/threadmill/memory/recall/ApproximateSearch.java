package dev.threadmill.memory.recall;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Asks a large scope for its best entries by meaning and by words, each with what was said right
 * before and after it. The words are searched while the question is being embedded.
 */
final class ApproximateSearch {
  /** How many are asked for by meaning, and how many by words. */
  static final int CANDIDATES_PER_METHOD = 50;

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

  private final Jdbc jdbc;
  private final VectorColumn vectors;
  private final TermStatistics rareTerms;
  private final Embeddings embeddings;

  ApproximateSearch(
      Jdbc jdbc, VectorColumn vectors, TermStatistics rareTerms, Embeddings embeddings) {
    this.jdbc = jdbc;
    this.vectors = vectors;
    this.rareTerms = rareTerms;
    this.embeddings = embeddings;
  }

  private record Key(String thread, String source, int part) {
    static Key of(Row row) throws SQLException {
      return new Key(row.text("thread_id"), row.text("source_id"), row.integer("part"));
    }

    static Key of(Candidate candidate) {
      return new Key(candidate.thread().value(), candidate.sourceId(), candidate.chunk());
    }
  }

  /**
   * The best entries, thread by thread, in the order in which they were said.
   *
   * @param texts how many entries the scope has, as far as is known
   * @param graph whether the nearest vectors are searched in the graph, which is quicker for many,
   *     or all are compared
   */
  List<Candidate> read(
      ScopeFilter scope, MemoryQuery question, QueryVector vector, long texts, boolean graph)
      throws InterruptedException {
    var sql = new EntrySql(question, embeddings, vectors);
    var byWords =
        Async.start(
            "recall-words",
            () -> {
              var hits =
                  graph
                      ? ofSelectiveTerms(sql, scope, question)
                      : ofAnyTerm(sql, scope, question, texts);
              return withNeighbours(hits, sql, vector.get());
            });
    var found = new LinkedHashMap<Key, Candidate>();
    var asked = vector.get();
    if (asked != null) {
      found.putAll(withNeighbours(nearest(sql, scope, asked, graph), sql, asked));
    }
    found.putAll(byWords.await());
    return found.values().stream().sorted(Candidate.CHRONOLOGICAL).toList();
  }

  private List<Key> nearest(EntrySql sql, ScopeFilter scope, float[] vector, boolean graph) {
    var type = "%s(%d)".formatted(vectors.kind().type(), vector.length);
    // A sum is nothing that the graph is ordered by, so the filter's own index is used.
    var order =
        graph
            ? "i.embedding::%s <=> ?::%s".formatted(type, type)
            : "(i.embedding <#> ?::%s) + 0".formatted(vectors.kind().type());
    var params = new ArrayList<Object>(scope.params());
    params.add(VectorColumn.literal(vector));
    var nearest =
        """
        SELECT i.thread_id, i.source_id, i.part FROM memory_index i
        WHERE %s AND i.model = %s
        ORDER BY %s LIMIT %d
        """
            .formatted(scope.condition(), sql.model(), order, CANDIDATES_PER_METHOD);
    return graph ? withSettings(nearest, params) : jdbc.list(nearest, Key::of, params.toArray());
  }

  /** Those of a scope of many that have what is rare in all of the index. */
  private List<Key> ofSelectiveTerms(EntrySql sql, ScopeFilter scope, MemoryQuery question) {
    var queries = rareTerms.selectiveQueries(question.terms());
    if (queries.isEmpty()) {
      return List.of();
    }
    // Where the estimate was wrong, the bound is not: reading entries is what takes time.
    var branch =
        """
        (SELECT i.* FROM memory_index i WHERE i.model = %s AND i.terms @@ ?::tsquery LIMIT %d)\
        """
            .formatted(sql.model(), rareTerms.mostRows(queries.size()));
    var params = new ArrayList<Object>(queries);
    params.add(EntrySql.anyTerm(question.terms()));
    params.addAll(scope.params());
    return withSettings(
        """
        SELECT DISTINCT ts_rank(i.terms, w.query) AS rank, i.created_at,
          i.thread_id, i.source_id, i.part
        FROM (%s) i, (SELECT ?::tsquery AS query) w
        WHERE %s
        ORDER BY rank DESC, i.created_at DESC LIMIT %d
        """
            .formatted(
                queries.stream().map(each -> branch).collect(Collectors.joining(" UNION ALL ")),
                scope.condition(),
                CANDIDATES_PER_METHOD),
        params);
  }

  /** Those of a scope of some thousands, each looked at: what is rare within the scope counts. */
  private List<Key> ofAnyTerm(EntrySql sql, ScopeFilter scope, MemoryQuery question, long texts) {
    int terms = question.terms().size();
    if (terms == 0) {
      return List.of();
    }
    var counts =
        IntStream.range(0, terms)
            .mapToObj(i -> "count(*) FILTER (WHERE matches & %d <> 0) AS n_%d".formatted(1 << i, i))
            .collect(Collectors.joining(", "));
    var weight =
        IntStream.range(0, terms)
            .mapToObj(
                i ->
                    "CASE WHEN m.matches & %d <> 0 THEN ln(1 + (%d - n_%d + 0.5::float8) / (n_%d + 0.5::float8)) ELSE 0 END"
                        .formatted(1 << i, texts, i, i))
            .collect(Collectors.joining(" + "));
    var params = sql.params(null);
    params.addAll(scope.params());
    return jdbc.list(
        """
        %s, m AS MATERIALIZED (
          SELECT i.thread_id, i.source_id, i.part, i.created_at, %s AS matches
          FROM memory_index i, q
          WHERE %s AND i.model = %s AND (i.terms @@ q.any_term) IS TRUE
        ), c AS MATERIALIZED (SELECT %s FROM m)
        SELECT m.thread_id, m.source_id, m.part FROM m, c
        ORDER BY %s DESC, m.created_at DESC LIMIT %d
        """
            .formatted(
                sql.queryCte(),
                sql.matches(),
                scope.condition(),
                sql.model(),
                counts,
                weight,
                CANDIDATES_PER_METHOD),
        Key::of,
        params.toArray());
  }

  private List<Key> withSettings(String sql, List<Object> params) {
    return jdbc.inTransaction(
        (Tx tx) -> {
          tx.one(SETTINGS, row -> row.text("a"));
          return tx.list(sql, Key::of, params.toArray());
        });
  }

  /** The entries of these keys, and of what was said right before and after each. */
  private Map<Key, Candidate> withNeighbours(Collection<Key> keys, EntrySql sql, float[] vector) {
    var found = new LinkedHashMap<Key, Candidate>();
    if (keys.isEmpty()) {
      return found;
    }
    var params = sql.params(vector);
    params.add(keys.stream().map(Key::thread).toList());
    params.add(keys.stream().map(Key::source).toList());
    params.add(keys.stream().map(key -> Integer.toString(key.part())).toList());
    params.add(embeddings.name());
    params.add(embeddings.name());
    var columns = sql.columns() + ", " + EntrySql.similarity() + " AS similarity";
    // Outside of the settings: planned anew each time, this would take longer to plan than to do.
    // And by the whole key: else the planner reads each thread whole.
    jdbc.list(
            """
            %s, hit AS MATERIALIZED (
              SELECT i.* FROM unnest(?::text[], ?::text[], ?::int[]) k (thread_id, source_id, part)
              JOIN memory_index i ON i.thread_id = k.thread_id AND i.source_id = k.source_id
                AND i.part = k.part AND i.model = ?
            ), beside AS MATERIALIZED (
              SELECT DISTINCT h.thread_id, n.id FROM hit h
              CROSS JOIN LATERAL (
                (SELECT b.id FROM messages b
                 WHERE b.thread_id = h.thread_id AND (b.created_at, b.id) < (h.created_at, h.source_id)
                 ORDER BY b.created_at DESC, b.id DESC LIMIT 1)
                UNION ALL
                (SELECT a.id FROM messages a
                 WHERE a.thread_id = h.thread_id AND (a.created_at, a.id) > (h.created_at, h.source_id)
                 ORDER BY a.created_at, a.id LIMIT 1)) n
              WHERE h.source_type = 'message'
            )
            SELECT %s FROM hit i, q
            UNION ALL
            SELECT %s FROM beside b CROSS JOIN LATERAL (
              SELECT * FROM memory_index i
              WHERE i.thread_id = b.thread_id AND i.source_id = b.id AND i.model = ?
              OFFSET 0) i, q
            """
                .formatted(sql.queryCte(), columns, columns),
            sql.new Reader()::read,
            params.toArray())
        .forEach(candidate -> found.put(Key.of(candidate), candidate));
    return found;
  }
}
