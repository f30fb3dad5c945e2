package dev.threadmill.memory.recall;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads all entries of a scope, which is exact. Everything but the similarities is read while the
 * question is being embedded; these come in the same order by a second statement, thousands in one
 * array, and are put to the entries they belong to.
 */
final class ExactSearch {
  private static final String ORDER = "i.thread_id, i.source_id, i.part, i.model";

  /** Keeps a sum over all entries small. */
  private static final long MODULUS = 1_000_000_007;

  private final Jdbc jdbc;
  private final VectorColumn vectors;
  private final Embeddings embeddings;

  ExactSearch(Jdbc jdbc, VectorColumn vectors, Embeddings embeddings) {
    this.jdbc = jdbc;
    this.vectors = vectors;
    this.embeddings = embeddings;
  }

  /**
   * Entries that were read.
   *
   * @param digest of when they were written, whatever their order
   */
  private record Rows(List<Candidate> candidates, long digest) {}

  private record Similarities(Float[] values, long digest) {}

  /** All entries, thread by thread, in the order in which they were said. */
  List<Candidate> read(ScopeFilter scope, MemoryQuery question, QueryVector vector)
      throws InterruptedException {
    var sql = new EntrySql(question, embeddings, vectors);
    var reading = Async.start("recall-words", () -> rows(sql, scope));
    var asked = vector.get();
    var similarities = asked == null ? null : similarities(scope, asked);
    var rows = reading.await();
    var candidates = rows.candidates();
    if (similarities != null) {
      candidates =
          similarities.values().length == candidates.size()
                  && similarities.digest() == rows.digest()
              ? joined(candidates, similarities.values())
              // something was written between the two statements
              : atOnce(sql, scope, asked);
    }
    var ordered = new ArrayList<>(candidates);
    ordered.sort(Candidate.CHRONOLOGICAL);
    return ordered;
  }

  private static List<Candidate> joined(List<Candidate> candidates, Float[] similarities) {
    var joined = new ArrayList<Candidate>(candidates.size());
    for (int i = 0; i < similarities.length; i++) {
      var similarity = similarities[i];
      joined.add(
          candidates.get(i).withSimilarity(similarity == null ? null : similarity.doubleValue()));
    }
    return joined;
  }

  private Rows rows(EntrySql sql, ScopeFilter scope) {
    var params = sql.params(null);
    params.addAll(scope.params());
    var reader = sql.new Reader();
    long[] digest = {0};
    var candidates =
        jdbc.list(
            """
            %s SELECT %s FROM memory_index i, q WHERE %s ORDER BY %s
            """
                .formatted(sql.queryCte(), sql.columns(), scope.condition(), ORDER),
            row -> {
              digest[0] += row.bigint("created") % MODULUS;
              return reader.read(row, null);
            },
            params.toArray());
    return new Rows(candidates, digest[0]);
  }

  private Similarities similarities(ScopeFilter scope, float[] vector) {
    var params = new ArrayList<Object>();
    params.add(VectorColumn.literal(vector));
    params.add(embeddings.name());
    params.addAll(scope.params());
    return jdbc.one(
            """
            WITH q AS MATERIALIZED (SELECT ?::%s AS vector, ?::text AS model)
            SELECT array_agg(e.similarity) AS similarities,
              sum(e.created %% %d)::bigint AS digest
            FROM (SELECT %s AS created, (%s)::real AS similarity
                  FROM memory_index i, q WHERE %s ORDER BY %s) e
            """
                .formatted(
                    vectors.kind().type(),
                    MODULUS,
                    EntrySql.CREATED,
                    EntrySql.similarity(),
                    scope.condition(),
                    ORDER),
            ExactSearch::similarities,
            params.toArray())
        .orElseThrow();
  }

  private static Similarities similarities(Row row) throws SQLException {
    var values = row.float4Array("similarities");
    var digest = row.bigint("digest");
    return new Similarities(values == null ? new Float[0] : values, digest == null ? 0 : digest);
  }

  private List<Candidate> atOnce(EntrySql sql, ScopeFilter scope, float[] vector) {
    var params = sql.params(vector);
    params.addAll(scope.params());
    return jdbc.list(
        "%s SELECT %s, %s AS similarity FROM memory_index i, q WHERE %s"
            .formatted(sql.queryCte(), sql.columns(), EntrySql.similarity(), scope.condition()),
        sql.new Reader()::read,
        params.toArray());
  }
}
