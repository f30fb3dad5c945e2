package dev.threadmill.imports;

import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table of what is read and not written yet. */
@ApplicationScoped
class StagedItems {
  /** The most characters of bodies that are read at a time, before the last one. */
  private static final long MAX_CHARACTERS = 4L << 20;

  private final Jdbc jdbc;

  StagedItems(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Adds items; one that is there already is left as it is.
   *
   * @return how many of each kind were added
   */
  Map<Kind, Long> add(Tx tx, ImportJob job, List<StagedItem> items) {
    var added = new HashMap<Kind, Long>();
    for (var item : items) {
      int rows =
          tx.update(
              """
              INSERT INTO import_items (import_id, kind, parent, source_id, at, ordinal, size, body)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              job.id(),
              item.kind(),
              item.parent(),
              item.sourceId(),
              item.at(),
              item.ordinal(),
              item.body().length(),
              item.body());
      added.merge(item.kind(), (long) rows, Long::sum);
    }
    return added;
  }

  /** The first item of a kind; empty if there is none. */
  Optional<StagedItem> first(ImportJob job, Kind kind) {
    return jdbc.one(
        """
        SELECT kind, parent, source_id, at, ordinal, body FROM import_items
        WHERE import_id = ? AND kind = ? AND parent = '' ORDER BY at, ordinal LIMIT 1
        """,
        StagedItems::read,
        job.id(),
        kind);
  }

  /** Adds a thread for messages whose thread the source does not describe. */
  long addMissingThreads(Tx tx, ImportJob job) {
    return tx.update(
        """
        INSERT INTO import_items (import_id, kind, parent, source_id, at, ordinal, size, body)
        SELECT m.import_id, 'thread', '', m.parent, min(m.at), min(m.ordinal), 2, '{}'
        FROM import_items m WHERE m.import_id = ? AND m.kind = 'message'
        GROUP BY m.import_id, m.parent ON CONFLICT DO NOTHING
        """,
        job.id());
  }

  /** How many items of a kind a parent has, counted up to a bound. */
  int count(ImportJob job, Kind kind, String parent, int bound) {
    return jdbc.one(
            "SELECT count(*)::integer AS n FROM (SELECT 1 FROM import_items WHERE import_id = ?"
                + " AND kind = ? AND parent = ? LIMIT ?) AS i",
            row -> row.integer("n"),
            job.id(),
            kind,
            parent,
            bound)
        .orElse(0);
  }

  /** A place within the items of a parent. */
  record Place(Instant at, long ordinal) {
    static final Place START = new Place(Instant.EPOCH.minusSeconds(1), -1);
  }

  /** The next items of a parent, in their order: up to a number, or to a size. */
  List<StagedItem> next(
      ImportJob job, Kind kind, String parent, Place after, boolean prepared, int limit) {
    return jdbc.list(NEXT, StagedItems::read, params(job, kind, parent, after, prepared, limit));
  }

  /** As {@link #next(ImportJob, Kind, String, Place, boolean, int)}, in a transaction. */
  List<StagedItem> next(
      Tx tx, ImportJob job, Kind kind, String parent, Place after, boolean prepared, int limit) {
    return tx.list(NEXT, StagedItems::read, params(job, kind, parent, after, prepared, limit));
  }

  private static final String NEXT =
      """
      SELECT kind, parent, source_id, at, ordinal, body FROM (
        SELECT *, sum(size) OVER (ORDER BY at, ordinal
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ahead
        FROM (SELECT * FROM import_items
          WHERE import_id = ? AND kind = ? AND parent = ? AND prepared = ? AND (at, ordinal) > (?, ?)
          ORDER BY at, ordinal LIMIT ?) AS i) AS weighed
      WHERE coalesce(ahead, 0) < ? ORDER BY at, ordinal
      """;

  private static Object[] params(
      ImportJob job, Kind kind, String parent, Place after, boolean prepared, int limit) {
    return new Object[] {
      job.id(), kind, parent, prepared, after.at(), after.ordinal(), limit, MAX_CHARACTERS
    };
  }

  /** The time of the last prepared item of a parent; empty if there is none. */
  Optional<Instant> lastPrepared(ImportJob job, Kind kind, String parent) {
    return jdbc.one(
        "SELECT max(at) AS at FROM import_items WHERE import_id = ? AND kind = ? AND parent = ?"
            + " AND prepared HAVING max(at) IS NOT NULL",
        row -> row.instant("at"),
        job.id(),
        kind,
        parent);
  }

  /** An item in the form in which it is written, with the time that it gets. */
  record PreparedItem(StagedItem item, Instant at, Object body) {}

  void prepare(Tx tx, ImportJob job, List<PreparedItem> prepared) {
    var rows = new ArrayList<Object[]>();
    for (var each : prepared) {
      var body = Json.write(each.body());
      rows.add(
          new Object[] {
            each.at(),
            body.length(),
            body,
            job.id(),
            each.item().kind(),
            each.item().parent(),
            each.item().sourceId()
          });
    }
    tx.batch(
        "UPDATE import_items SET prepared = true, at = ?, size = ?, body = ?"
            + " WHERE import_id = ? AND kind = ? AND parent = ? AND source_id = ?",
        rows);
  }

  /** Has an item written after those that are left. False if that was done before. */
  boolean moveToEnd(Tx tx, ImportJob job, StagedItem item) {
    return tx.update(
            "UPDATE import_items SET prepared = true, at = '9999-01-01' WHERE import_id = ?"
                + " AND kind = ? AND parent = ? AND source_id = ? AND NOT prepared",
            job.id(),
            item.kind(),
            item.parent(),
            item.sourceId())
        > 0;
  }

  /** Removes an item. False if that was done before. */
  boolean remove(Tx tx, ImportJob job, StagedItem item) {
    return tx.update(
            "DELETE FROM import_items WHERE import_id = ? AND kind = ? AND parent = ? AND source_id = ?",
            job.id(),
            item.kind(),
            item.parent(),
            item.sourceId())
        > 0;
  }

  /** Removes all items of a parent. Returns how many there were. */
  long removeAll(Tx tx, ImportJob job, Kind kind, String parent) {
    return tx.update(
        "DELETE FROM import_items WHERE import_id = ? AND kind = ? AND parent = ?",
        job.id(),
        kind,
        parent);
  }

  private static StagedItem read(Row row) throws SQLException {
    return new StagedItem(
        row.enumValue("kind", Kind.class),
        row.text("parent"),
        row.text("source_id"),
        row.instant("at"),
        row.bigint("ordinal"),
        row.text("body"));
  }
}
