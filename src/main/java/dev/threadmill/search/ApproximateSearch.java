package dev.threadmill.search;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the best entries of a large scope by meaning and by words, each with its neighbours. The
 * words are searched while the query is being embedded.
 */
final class ApproximateSearch {
  /**
   * Scopes differ in size by far more than one cached plan could serve. Without the iterative scan
   * a filter over the graph leaves too few rows, or none.
   */
  private static final String SETTINGS =
      """
      SELECT set_config('plan_cache_mode', 'force_custom_plan', true) AS a,
        set_config('hnsw.iterative_scan', 'relaxed_order', true) AS b,
        set_config('hnsw.ef_search', '200', true) AS c,
        set_config('hnsw.max_scan_tuples', '40000', true) AS d
      """;

  private final Jdbc jdbc;
  private final IndexTable table;
  private final VectorColumn vectors;
  private final TermStatistics statistics;
  private final EmbeddingModel embeddings;

  ApproximateSearch(
      Jdbc jdbc,
      IndexTable table,
      VectorColumn vectors,
      TermStatistics statistics,
      EmbeddingModel embeddings) {
    this.jdbc = jdbc;
    this.table = table;
    this.vectors = vectors;
    this.statistics = statistics;
    this.embeddings = embeddings;
  }

  private record Key(String group, String source, int chunk) {
    static Key of(Row row) throws SQLException {
      return new Key(row.text("entry_group"), row.text("source_id"), row.integer("part"));
    }

    static Key of(Hit hit) {
      return new Key(hit.group(), hit.sourceId(), hit.chunk());
    }
  }

  /** Entries that words found, and how many entries have each word. */
  private record TermMatches(List<Key> keys, double[] documentFrequencies) {}

  private record TermHits(Map<Key, Hit> hits, double[] documentFrequencies) {}

  /**
   * The best entries in chronological order.
   *
   * @param entries how many entries the scope has, as far as is known
   * @param useGraph whether the nearest vectors are searched in the HNSW graph, which is faster for
   *     many, or all are compared
   * @param limit the number of entries by meaning, and the number by words
   */
  Hits search(
      SearchScope scope,
      TextQuery query,
      QueryVector vector,
      long entries,
      boolean useGraph,
      int limit)
      throws InterruptedException {
    var sql = new EntrySql(table, query, embeddings, vectors);
    var byWords =
        Async.start(
            "search-words",
            () -> {
              var hits =
                  useGraph
                      ? ofSelectiveTerms(sql, scope, query, entries, limit)
                      : ofAnyTerm(sql, scope, query, entries, limit);
              return new TermHits(
                  withNeighbours(hits.keys(), sql, vector.get()), hits.documentFrequencies());
            });
    var found = new LinkedHashMap<Key, Hit>();
    var embedded = vector.get();
    if (embedded != null) {
      found.putAll(withNeighbours(nearest(sql, scope, embedded, useGraph, limit), sql, embedded));
    }
    var words = byWords.await();
    found.putAll(words.hits());
    return new Hits(
        found.values().stream().sorted(Hit.CHRONOLOGICAL).toList(),
        entries,
        words.documentFrequencies());
  }

  private List<Key> nearest(
      EntrySql sql, SearchScope scope, float[] vector, boolean useGraph, int limit) {
    var kind = vectors.kind();
    var type = "%s(%d)".formatted(kind.type(), vector.length);
    // The graph is not ordered by a sum, so the planner uses the index of the scope's columns.
    var order =
        useGraph
            ? "i.embedding::%s <=> ?::%s".formatted(type, type)
            : "(i.embedding <#> ?::%s) + 0".formatted(kind.type());
    var params = new ArrayList<Object>(scope.params());
    params.add(kind.param(vector));
    var nearest =
        """
        SELECT i.%s AS entry_group, i.source_id, i.part FROM %s i
        WHERE %s AND i.model = %s
        ORDER BY %s LIMIT %d
        """
            .formatted(table.group(), table.name(), scope.condition(), sql.model(), order, limit);
    return useGraph ? withSettings(nearest, params) : jdbc.list(nearest, Key::of, params.toArray());
  }

  /** The entries of a very large scope that have terms that are rare in the whole index. */
  private TermMatches ofSelectiveTerms(
      EntrySql sql, SearchScope scope, TextQuery query, long entries, int limit) {
    var frequencies = statistics.documentFrequencies(query.terms(), entries);
    var queries = statistics.selectiveQueries(query.terms());
    if (queries.isEmpty()) {
      return new TermMatches(List.of(), frequencies);
    }
    // The estimate may be wrong; the limit bounds the entries that are read.
    var branch =
        """
        (SELECT i.* FROM %s i WHERE i.model = %s AND i.terms @@ ?::tsquery LIMIT %d)\
        """
            .formatted(table.name(), sql.model(), statistics.maxRows(queries.size()));
    var params = new ArrayList<Object>(queries);
    params.add(query.exactTsquery());
    params.addAll(scope.params());
    var keys =
        withSettings(
            """
        SELECT DISTINCT ts_rank(i.terms, w.query) AS rank, i.created_at,
          i.%s AS entry_group, i.source_id, i.part
        FROM (%s) i, (SELECT ?::tsquery AS query) w
        WHERE %s
        ORDER BY rank DESC, i.created_at DESC LIMIT %d
        """
                .formatted(
                    table.group(),
                    queries.stream().map(each -> branch).collect(Collectors.joining(" UNION ALL ")),
                    scope.condition(),
                    limit),
            params);
    return new TermMatches(keys, frequencies);
  }

  /** The entries of a scope of some thousands that have the terms that are rare in the scope. */
  private TermMatches ofAnyTerm(
      EntrySql sql, SearchScope scope, TextQuery query, long entries, int limit) {
    int terms = query.terms().size();
    if (terms == 0) {
      return new TermMatches(List.of(), new double[0]);
    }
    var frequencies = new double[terms];
    var counts =
        IntStream.range(0, terms)
            .mapToObj(i -> "count(*) FILTER (WHERE matches & %d <> 0) AS n_%d".formatted(1 << i, i))
            .collect(Collectors.joining(", "));
    var weight =
        IntStream.range(0, terms)
            .mapToObj(
                i ->
                    "CASE WHEN m.matches & %d <> 0 THEN ln(1 + (%d - n_%d + 0.5::float8) / (n_%d + 0.5::float8)) ELSE 0 END"
                        .formatted(1 << i, entries, i, i))
            .collect(Collectors.joining(" + "));
    var params = sql.params(null);
    params.addAll(scope.params());
    var keys =
        jdbc.list(
            """
        %s, m AS MATERIALIZED (
          SELECT i.%s AS entry_group, i.source_id, i.part, i.created_at, %s AS matches
          FROM %s i, q
          WHERE %s AND i.model = %s AND (i.terms @@ q.any_term) IS TRUE
        ), c AS MATERIALIZED (SELECT %s FROM m)
        SELECT m.entry_group, m.source_id, m.part, c.* FROM m, c
        ORDER BY %s DESC, m.created_at DESC LIMIT %d
        """
                .formatted(
                    sql.queryCte(),
                    table.group(),
                    sql.matches(),
                    table.name(),
                    scope.condition(),
                    sql.model(),
                    counts,
                    weight,
                    limit),
            row -> {
              for (int i = 0; i < terms; i++) {
                frequencies[i] = row.bigint("n_" + i);
              }
              return Key.of(row);
            },
            params.toArray());
    return new TermMatches(keys, frequencies);
  }

  private List<Key> withSettings(String sql, List<Object> params) {
    return jdbc.inTransaction(
        (Tx tx) -> {
          tx.one(SETTINGS, row -> row.text("a"));
          return tx.list(sql, Key::of, params.toArray());
        });
  }

  /** The entries of these keys and their neighbours. */
  private Map<Key, Hit> withNeighbours(Collection<Key> keys, EntrySql sql, float[] vector) {
    var found = new LinkedHashMap<Key, Hit>();
    if (keys.isEmpty()) {
      return found;
    }
    var params = sql.params(vector);
    params.add(keys.stream().map(Key::group).toList());
    params.add(keys.stream().map(Key::source).toList());
    params.add(keys.stream().map(key -> Integer.toString(key.chunk())).toList());
    params.add(embeddings.name());
    var columns = sql.columns() + ", " + EntrySql.similarity() + " AS similarity";
    // Without the settings, since planning this each time would take longer than executing it. The
    // join is on the whole key: otherwise the planner reads each group whole.
    var statement =
        """
        %s, hit AS MATERIALIZED (
          SELECT i.* FROM unnest(?::text[], ?::text[], ?::int[]) k (entry_group, source_id, part)
          JOIN %s i ON i.%s = k.entry_group AND i.source_id = k.source_id
            AND i.part = k.part AND i.model = ?
        )%s
        SELECT %s FROM hit i, q%s
        """
            .formatted(
                sql.queryCte(),
                table.name(),
                table.group(),
                neighbourCte(),
                columns,
                union(columns));
    if (table.adjacency() != null) {
      params.add(embeddings.name());
    }
    jdbc.list(statement, sql.new Reader()::read, params.toArray())
        .forEach(hit -> found.put(Key.of(hit), hit));
    return found;
  }

  private String neighbourCte() {
    return table.adjacency() == null
        ? ""
        : """
        , beside AS MATERIALIZED (
          SELECT DISTINCT h.%s, n.id FROM hit h CROSS JOIN LATERAL (%s) n
        )\
        """
            .formatted(table.group(), table.adjacency().sql());
  }

  private String union(String columns) {
    return table.adjacency() == null
        ? ""
        : """

        UNION ALL
        SELECT %s FROM beside b CROSS JOIN LATERAL (
          SELECT * FROM %s i WHERE i.%s = b.%s AND i.source_id = b.id AND i.model = ?
          OFFSET 0) i, q\
        """
            .formatted(columns, table.name(), table.group(), table.group());
  }
}
