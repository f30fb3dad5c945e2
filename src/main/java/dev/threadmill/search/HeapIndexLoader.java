package dev.threadmill.search;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the entries of a scope into the heap, and later what has changed. The database's snapshots
 * tell which transactions were visible; neither clocks nor the order of commits matter.
 */
final class HeapIndexLoader {
  private static final int FETCH_SIZE = 500;

  /** Tombstones are kept for an hour. */
  private static final String MAX_AGE = "30 minutes";

  private static final String SNAPSHOT =
      """
      pg_current_snapshot()::text AS snapshot, pg_postmaster_start_time()::text AS server,
        clock_timestamp()::text AS at\
      """;

  private final Jdbc jdbc;
  private final IndexTable table;
  private final VectorColumn vectors;
  private final EntrySql entries;
  private final EmbeddingModel embeddings;

  HeapIndexLoader(Jdbc jdbc, IndexTable table, VectorColumn vectors, EmbeddingModel embeddings) {
    this.jdbc = jdbc;
    this.table = table;
    this.vectors = vectors;
    this.embeddings = embeddings;
    this.entries = new EntrySql(table, TextQuery.EMPTY, embeddings, vectors);
  }

  /**
   * The state of the database at a read.
   *
   * @param snapshot the visible transactions, as {@code pg_current_snapshot} writes it
   * @param server start time of the server: another server may have another history
   * @param at the time by the database's clock
   */
  record DatabaseSnapshot(String snapshot, String server, String at) {
    static DatabaseSnapshot of(Row row) throws SQLException {
      return new DatabaseSnapshot(row.text("snapshot"), row.text("server"), row.text("at"));
    }
  }

  /**
   * The changes since a snapshot.
   *
   * @param outdated whether entries were removed, or that is unknown
   * @param added whether entries were added or rewritten
   */
  record Changes(DatabaseSnapshot now, boolean outdated, boolean added) {}

  /** Entries, and the snapshot that they were read in. */
  record Loaded(DatabaseSnapshot snapshot, HeapIndexEntries entries) {}

  /** Whether this database sends vectors fast enough for loading them to be worth it. */
  boolean isSupported() {
    return vectors.kind().isHalfvec();
  }

  /** The number of entries of a scope, at most {@code bound}. */
  long count(SearchScope scope, int bound) {
    return jdbc.one(
            "SELECT count(*) AS entries FROM (SELECT 1 FROM %s i WHERE %s LIMIT %d) AS e"
                .formatted(table.name(), scope.condition(), bound),
            row -> row.bigint("entries"),
            scope.params().toArray())
        .orElseThrow();
  }

  /**
   * Reads all entries of a scope; empty if it has more than {@code max}, or entries of another
   * embedding model.
   *
   * @param pieces makes way for searches between the pieces that are read
   */
  Optional<Loaded> load(SearchScope scope, int max, ActiveSearches.Yielding pieces) {
    return jdbc.inTransaction(
        tx -> {
          // Before the cursor's snapshot: a commit in between will be seen as a change.
          var snapshot = tx.one("SELECT " + SNAPSHOT, DatabaseSnapshot::of).orElseThrow();
          tx.update(
              "DECLARE entries NO SCROLL CURSOR FOR " + select(scope, ""), params(scope).toArray());
          var all = new HeapIndexEntries(embeddings.dimensions(), table);
          List<HeapIndexEntries.Entry> some;
          do {
            pieces.makeWay();
            some = tx.list("FETCH %d FROM entries".formatted(FETCH_SIZE), reader());
            if (all.slots() + some.size() > max || !areComparable(some)) {
              return Optional.empty();
            }
            all.appendAll(some);
          } while (some.size() == FETCH_SIZE);
          all.sort();
          return Optional.of(new Loaded(snapshot, all));
        });
  }

  /** The changes of a scope since a snapshot. */
  Changes changes(SearchScope scope, DatabaseSnapshot since) {
    var params = new ArrayList<Object>(List.of(since.server(), since.at()));
    params.addAll(scope.params());
    params.add(since.snapshot());
    params.add(since.snapshot());
    params.addAll(scope.params());
    params.add(since.snapshot());
    params.add(since.snapshot());
    // The order is that of the scope's index, so that only the end of the index is read.
    return jdbc.one(
            """
            SELECT %s,
              pg_postmaster_start_time()::text <> ?
                OR clock_timestamp() - ?::timestamptz > interval '%s'
                OR EXISTS (SELECT 1 FROM %s i WHERE %s AND %s) AS outdated,
              (SELECT i.written FROM %s i WHERE %s AND %s
               ORDER BY i.written DESC LIMIT 1) IS NOT NULL AS added
            """
                .formatted(
                    SNAPSHOT,
                    MAX_AGE,
                    table.tombstones(),
                    scope.condition(),
                    isUnseen("i.lost"),
                    table.name(),
                    scope.condition(),
                    isUnseen("i.written")),
            row -> new Changes(DatabaseSnapshot.of(row), row.bool("outdated"), row.bool("added")),
            params.toArray())
        .orElseThrow();
  }

  /** The entries that were added or rewritten since; empty if some are of another model. */
  Optional<List<HeapIndexEntries.Entry>> added(SearchScope scope, DatabaseSnapshot since) {
    var params = params(scope);
    params.add(since.snapshot());
    params.add(since.snapshot());
    var added =
        jdbc.list(select(scope, " AND " + isUnseen("i.written")), reader(), params.toArray());
    return areComparable(added) ? Optional.of(added) : Optional.empty();
  }

  private static String isUnseen(String transaction) {
    return """
    %s >= pg_snapshot_xmin(?::pg_snapshot)
      AND NOT pg_visible_in_snapshot(%s, ?::pg_snapshot)\
    """
        .formatted(transaction, transaction);
  }

  private String select(SearchScope scope, String more) {
    return """
    %s SELECT %s, tsvectorsend(i.terms) AS words, halfvec_send(i.embedding) AS vector
    FROM %s i, q WHERE %s%s
    """
        .formatted(entries.queryCte(), entries.columns(), table.name(), scope.condition(), more);
  }

  private List<Object> params(SearchScope scope) {
    var params = entries.params(null);
    params.addAll(scope.params());
    return params;
  }

  private Tx.RowMapper<HeapIndexEntries.Entry> reader() {
    var reader = entries.new Reader();
    return row ->
        new HeapIndexEntries.Entry(
            reader.read(row, null), vector(row.bytes("vector")), words(row.bytes("words")));
  }

  /**
   * The binary form of a tsvector: the number of words, then each word with a zero behind it, the
   * number of its positions, and these.
   */
  private static List<String> words(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    var words = new ArrayList<String>(in.getInt());
    while (in.hasRemaining()) {
      int begin = in.position();
      int end = begin;
      while (bytes[end] != 0) {
        end++;
      }
      words.add(new String(bytes, begin, end - begin, StandardCharsets.UTF_8));
      in.position(end + 1);
      in.position(in.position() + Short.BYTES * (1 + Short.toUnsignedInt(in.getShort(end + 1))));
    }
    return words;
  }

  /** The binary form of a halfvec: dimensions, two unused bytes, half-precision numbers. */
  private static float[] vector(byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    var halves = ByteBuffer.wrap(bytes);
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
                entry.hit().model().equals(embeddings.name())
                    && (entry.vector() == null
                        || entry.vector().length == embeddings.dimensions()));
  }
}
