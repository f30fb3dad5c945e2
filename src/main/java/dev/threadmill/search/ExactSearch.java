package dev.threadmill.search;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads all entries of a scope. Everything except the similarities is read while the query is being
 * embedded. The similarities follow in the same order by a second statement, thousands in one
 * array, and are joined to the entries.
 */
final class ExactSearch {
  /** Keeps a sum over all entries small. */
  private static final long MODULUS = 1_000_000_007;

  private final Jdbc jdbc;
  private final IndexTable table;
  private final VectorColumn vectors;
  private final EmbeddingModel embeddings;
  private final String order;

  ExactSearch(Jdbc jdbc, IndexTable table, VectorColumn vectors, EmbeddingModel embeddings) {
    this.jdbc = jdbc;
    this.table = table;
    this.vectors = vectors;
    this.embeddings = embeddings;
    this.order = "i.%s, i.source_id, i.part, i.model".formatted(table.group());
  }

  /**
   * Entries that were read.
   *
   * @param digest of their creation times, independent of the order
   */
  private record Rows(List<Hit> hits, long digest) {}

  private record Similarities(Float[] values, long digest) {}

  /** All entries in chronological order. */
  List<Hit> search(SearchScope scope, TextQuery query, QueryVector vector)
      throws InterruptedException {
    var sql = new EntrySql(table, query, embeddings, vectors);
    var reading = Async.start("search-words", () -> rows(sql, scope));
    var embedded = vector.get();
    var similarities = embedded == null ? null : similarities(scope, embedded);
    var rows = reading.await();
    var hits = rows.hits();
    if (similarities != null) {
      hits =
          similarities.values().length == hits.size() && similarities.digest() == rows.digest()
              ? joined(hits, similarities.values())
              // an entry was written between the two statements
              : inOneStatement(sql, scope, embedded);
    }
    var ordered = new ArrayList<>(hits);
    ordered.sort(Hit.CHRONOLOGICAL);
    return ordered;
  }

  private static List<Hit> joined(List<Hit> hits, Float[] similarities) {
    var joined = new ArrayList<Hit>(hits.size());
    for (int i = 0; i < similarities.length; i++) {
      var similarity = similarities[i];
      var hit = hits.get(i);
      joined.add(hit.withSimilarity(similarity == null ? null : similarity.doubleValue()));
    }
    return joined;
  }

  private Rows rows(EntrySql sql, SearchScope scope) {
    var params = sql.params(null);
    params.addAll(scope.params());
    var reader = sql.new Reader();
    long[] digest = {0};
    var hits =
        jdbc.list(
            """
            %s SELECT %s FROM %s i, q WHERE %s ORDER BY %s
            """
                .formatted(sql.queryCte(), sql.columns(), table.name(), scope.condition(), order),
            row -> {
              digest[0] += row.bigint("created") % MODULUS;
              return reader.read(row, null);
            },
            params.toArray());
    return new Rows(hits, digest[0]);
  }

  private Similarities similarities(SearchScope scope, float[] vector) {
    var params = new ArrayList<Object>();
    params.add(vectors.kind().param(vector));
    params.add(embeddings.name());
    params.addAll(scope.params());
    return jdbc.one(
            """
            WITH q AS MATERIALIZED (SELECT ?::%s AS vector, ?::text AS model)
            SELECT array_agg(e.similarity) AS similarities,
              sum(e.created %% %d)::bigint AS digest
            FROM (SELECT %s AS created, (%s)::real AS similarity
                  FROM %s i, q WHERE %s ORDER BY %s) e
            """
                .formatted(
                    vectors.kind().type(),
                    MODULUS,
                    EntrySql.CREATED,
                    EntrySql.similarity(),
                    table.name(),
                    scope.condition(),
                    order),
            ExactSearch::similarities,
            params.toArray())
        .orElseThrow();
  }

  private static Similarities similarities(Row row) throws SQLException {
    var values = row.float4Array("similarities");
    var digest = row.bigint("digest");
    return new Similarities(values == null ? new Float[0] : values, digest == null ? 0 : digest);
  }

  private List<Hit> inOneStatement(EntrySql sql, SearchScope scope, float[] vector) {
    var params = sql.params(vector);
    params.addAll(scope.params());
    return jdbc.list(
        "%s SELECT %s, %s AS similarity FROM %s i, q WHERE %s"
            .formatted(
                sql.queryCte(),
                sql.columns(),
                EntrySql.similarity(),
                table.name(),
                scope.condition()),
        sql.new Reader()::read,
        params.toArray());
  }
}
