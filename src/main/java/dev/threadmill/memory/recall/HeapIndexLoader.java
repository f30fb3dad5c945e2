package dev.threadmill.memory.recall;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the entries of a scope for a node to keep, and what has changed since. What is seen, and
 * what is not yet, is told by the database's own snapshots: no clock, and no order of commits, has
 * a say in it.
 */
final class HeapIndexLoader {
  private static final int AT_ONCE = 1_000;

  /** Losses are noted for an hour. */
  private static final String LONGEST = "30 minutes";

  private static final String STAMP =
      """
      pg_current_snapshot()::text AS snapshot, pg_postmaster_start_time()::text AS server,
        clock_timestamp()::text AS at\
      """;

  private final Jdbc jdbc;
  private final VectorColumn vectors;
  private final EntrySql entries;
  private final Embeddings embeddings;

  HeapIndexLoader(Jdbc jdbc, VectorColumn vectors, Embeddings embeddings) {
    this.jdbc = jdbc;
    this.vectors = vectors;
    this.embeddings = embeddings;
    this.entries = new EntrySql(MemoryQuery.of("", Instant.EPOCH), embeddings, vectors);
  }

  /**
   * Up to where a scope's changes have been seen.
   *
   * @param snapshot which transactions were, as the database writes it
   * @param server since when the server runs that was asked: another one may have another history
   * @param at when that was, by the database's clock
   */
  record DatabaseSnapshot(String snapshot, String server, String at) {
    static DatabaseSnapshot of(Row row) throws SQLException {
      return new DatabaseSnapshot(row.text("snapshot"), row.text("server"), row.text("at"));
    }
  }

  /**
   * What has happened since.
   *
   * @param outdated whether entries were lost, or it cannot be told
   * @param added whether some were added or written anew
   */
  record Changes(DatabaseSnapshot now, boolean outdated, boolean added) {}

  /** Entries that were read, and when. */
  record Loaded(DatabaseSnapshot stamp, HeapIndexEntries entries) {}

  /** Whether vectors can be read from this database at a speed that makes keeping them worth it. */
  boolean isSupported() {
    return vectors.kind().type().equals("halfvec");
  }

  /** How many entries a scope has, counted no further than a bound. */
  long count(ScopeFilter scope, int bound) {
    return jdbc.one(
            "SELECT count(*) AS entries FROM (SELECT 1 FROM memory_index i WHERE %s LIMIT %d) AS e"
                .formatted(scope.condition(), bound),
            row -> row.bigint("entries"),
            scope.params().toArray())
        .orElseThrow();
  }

  /** Reads a scope whole; empty if it has more than {@code most} entries, or other models'. */
  Optional<Loaded> load(ScopeFilter scope, int most) {
    return jdbc.inTransaction(
        tx -> {
          // Before the cursor's snapshot: what is committed in between will be seen as a change.
          var stamp = tx.one("SELECT " + STAMP, DatabaseSnapshot::of).orElseThrow();
          tx.update(
              "DECLARE kept NO SCROLL CURSOR FOR " + select(scope, ""), params(scope).toArray());
          var all = new HeapIndexEntries(embeddings.dimensions());
          List<HeapIndexEntries.Entry> some;
          do {
            some = tx.list("FETCH %d FROM kept".formatted(AT_ONCE), reader());
            if (all.slots() + some.size() > most || !areComparable(some)) {
              return Optional.empty();
            }
            all.appendAll(some);
          } while (some.size() == AT_ONCE);
          all.sort();
          return Optional.of(new Loaded(stamp, all));
        });
  }

  /** What has happened to a scope since a stamp. */
  Changes changes(ScopeFilter scope, DatabaseSnapshot since) {
    var params = new ArrayList<Object>(List.of(since.server(), since.at()));
    params.addAll(scope.params());
    params.add(since.snapshot());
    params.add(since.snapshot());
    params.addAll(scope.params());
    params.add(since.snapshot());
    params.add(since.snapshot());
    // Ordered by what the index ends with, so that nothing but its end is looked at.
    return jdbc.one(
            """
            SELECT %s,
              pg_postmaster_start_time()::text <> ?
                OR clock_timestamp() - ?::timestamptz > interval '%s'
                OR EXISTS (SELECT 1 FROM memory_losses i WHERE %s AND %s) AS outdated,
              (SELECT i.written FROM memory_index i WHERE %s AND %s
               ORDER BY i.written DESC LIMIT 1) IS NOT NULL AS added
            """
                .formatted(
                    STAMP,
                    LONGEST,
                    scope.condition(),
                    unseen("i.lost"),
                    scope.condition(),
                    unseen("i.written")),
            row -> new Changes(DatabaseSnapshot.of(row), row.bool("outdated"), row.bool("added")),
            params.toArray())
        .orElseThrow();
  }

  /** The entries that were added or written anew since; empty if some are of another model. */
  Optional<List<HeapIndexEntries.Entry>> added(ScopeFilter scope, DatabaseSnapshot since) {
    var params = params(scope);
    params.add(since.snapshot());
    params.add(since.snapshot());
    var added = jdbc.list(select(scope, " AND " + unseen("i.written")), reader(), params.toArray());
    return areComparable(added) ? Optional.of(added) : Optional.empty();
  }

  private static String unseen(String transaction) {
    return """
    %s >= pg_snapshot_xmin(?::pg_snapshot)
      AND NOT pg_visible_in_snapshot(%s, ?::pg_snapshot)\
    """
        .formatted(transaction, transaction);
  }

  private String select(ScopeFilter scope, String more) {
    return """
    %s SELECT %s, array_to_string(tsvector_to_array(i.terms), ' ') AS words,
      halfvec_send(i.embedding) AS vector
    FROM memory_index i, q WHERE %s%s
    """
        .formatted(entries.queryCte(), entries.columns(), scope.condition(), more);
  }

  private List<Object> params(ScopeFilter scope) {
    var params = entries.params(null);
    params.addAll(scope.params());
    return params;
  }

  private Tx.RowMapper<HeapIndexEntries.Entry> reader() {
    var reader = entries.new Reader();
    return row -> {
      var words = row.text("words");
      return new HeapIndexEntries.Entry(
          reader.read(row, null),
          vector(row.bytes("vector")),
          words.isEmpty() ? List.of() : List.of(words.split(" ")));
    };
  }

  /** As pgvector sends a halfvec: how many dimensions, nothing, and the numbers in halves. */
  private static float[] vector(byte[] sent) {
    if (sent == null) {
      return null;
    }
    var halves = ByteBuffer.wrap(sent);
    var vector = new float[halves.getShort()];
    halves.getShort();
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Float.float16ToFloat(halves.getShort());
    }
    return vector;
  }

  private boolean areComparable(List<HeapIndexEntries.Entry> some) {
    return some.stream()
        .allMatch(
            entry ->
                entry.candidate().model().equals(embeddings.name())
                    && (entry.vector() == null
                        || entry.vector().length == embeddings.dimensions()));
  }
}
