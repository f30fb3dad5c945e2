package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.files.chunks.ChunkingStrategy;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.vectorstores.StoreFile.LastError;
import dev.threadmill.vectorstores.VectorStoresConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * The files that wait to be indexed, and those that are being indexed. A claim moves the time at
 * which a file is due by the lease, and raises its {@code claim}, on which all later writes depend.
 * All times are those of the database.
 */
@ApplicationScoped
class IngestionQueue {
  private static final String IS_OURS =
      "store_id = ? AND id = ? AND claim = ? AND status = 'in_progress'";

  private final Jdbc jdbc;
  private final VectorStoresConfig config;
  private final Outbox outbox;
  private final InstantSource clock;

  IngestionQueue(Jdbc jdbc, VectorStoresConfig config, Outbox outbox, InstantSource clock) {
    this.jdbc = jdbc;
    this.config = config;
    this.outbox = outbox;
    this.clock = clock;
  }

  /** How many files wait to be indexed or are being indexed. */
  double waiting() {
    return jdbc.one(
            "SELECT count(*) AS n FROM vector_store_files WHERE status = 'in_progress'",
            row -> row.bigint("n"))
        .orElse(0L);
  }

  /** The age of the oldest file that is not indexed; 0 if there is none. */
  double lagSeconds() {
    return jdbc.one(
            """
            SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
              AS age
            FROM vector_store_files WHERE status = 'in_progress'
            """,
            row -> row.float8("age"))
        .map(age -> Math.max(0, age))
        .orElse(0.0);
  }

  /**
   * A file that this node works on.
   *
   * @param content what the chunks follow from
   * @param attempts how often it was claimed, this time included
   * @param claim the fence
   */
  record ClaimedFile(
      ProjectId project,
      VectorStoreId store,
      FileId file,
      Instant createdAt,
      ChunkingStrategy strategy,
      String content,
      int attempts,
      int claim) {

    private static ClaimedFile read(Row row) throws SQLException {
      return new ClaimedFile(
          row.text("project_id", ProjectId::new),
          row.text("store_id", VectorStoreId::new),
          row.text("id", FileId::new),
          row.instant("created_at"),
          new ChunkingStrategy(row.integer("max_tokens"), row.integer("overlap_tokens")),
          row.text("content"),
          row.integer("attempts"),
          row.integer("claim"));
    }
  }

  /**
   * Claims the file that has been due the longest, of the project of which the fewest files are
   * being indexed. A file whose content is being indexed for another store waits for that.
   */
  Optional<ClaimedFile> claim() {
    return jdbc.inTransaction(
        tx -> {
          // Claims are short. One after the other they neither take equal contents nor are unfair.
          tx.one(
              "SELECT pg_advisory_xact_lock(hashtext('vector_store_claims')) IS NULL AS locked",
              row -> row.bool("locked"));
          return tx.updateReturningOne(
              """
              WITH RECURSIVE waiting AS (
                (SELECT project_id FROM vector_store_files
                 WHERE status = 'in_progress' ORDER BY project_id LIMIT 1)
                UNION ALL
                SELECT (SELECT f.project_id FROM vector_store_files f
                        WHERE f.status = 'in_progress' AND f.project_id > p.project_id
                        ORDER BY f.project_id LIMIT 1)
                FROM waiting p WHERE p.project_id IS NOT NULL
              ), working AS MATERIALIZED (
                SELECT f.project_id, f.content FROM waiting p JOIN vector_store_files f
                  ON f.project_id = p.project_id AND f.status = 'in_progress'
                  AND f.due > clock_timestamp() AND f.attempts > 0 AND f.leased
              ), next AS (
                SELECT c.store_id, c.id FROM waiting p CROSS JOIN LATERAL (
                  SELECT f.store_id, f.id, f.due FROM vector_store_files f
                  WHERE f.project_id = p.project_id AND f.status = 'in_progress'
                    AND f.due <= clock_timestamp()
                    AND f.content NOT IN (SELECT w.content FROM working w)
                  ORDER BY f.due, f.created_at LIMIT 1) c
                ORDER BY (SELECT count(*) FROM working w WHERE w.project_id = p.project_id), c.due
                LIMIT 1
              )
              UPDATE vector_store_files f SET attempts = attempts + 1, claim = claim + 1,
                leased = true, due = clock_timestamp() + ? * interval '1 millisecond'
              FROM next n WHERE f.store_id = n.store_id AND f.id = n.id AND f.status = 'in_progress'
              RETURNING f.*
              """,
              ClaimedFile::read,
              config.lease().toMillis());
        });
  }

  /** After which time a file may be due. */
  Duration untilNextDue(Duration max) {
    return jdbc.one(
            """
            SELECT coalesce(extract(epoch FROM min(due) - clock_timestamp()) * 1000, 'Infinity')::float8
              AS millis
            FROM vector_store_files WHERE status = 'in_progress' AND due > '-infinity'
            """,
            row -> row.float8("millis"))
        .map(millis -> Duration.ofMillis((long) Math.clamp(millis + 1, 10, max.toMillis())))
        .orElse(max);
  }

  /** Renews the leases of claimed files. */
  void renew(Collection<ClaimedFile> claimed) {
    if (claimed.isEmpty()) {
      return;
    }
    jdbc.runInTransaction(
        tx ->
            tx.batch(
                "UPDATE vector_store_files SET due = clock_timestamp() + ? * interval '1 millisecond' WHERE "
                    + IS_OURS,
                claimed.stream()
                    .map(
                        each ->
                            new Object[] {
                              config.lease().toMillis(), each.store(), each.file(), each.claim()
                            })
                    .toList()));
  }

  /**
   * Locks a claimed file until the transaction ends. False if this node has lost it: it was
   * deleted, cancelled, changed or claimed by another node.
   */
  boolean lock(Tx tx, ClaimedFile claimed) {
    return tx.one(
            "SELECT id FROM vector_store_files WHERE " + IS_OURS + " FOR UPDATE",
            row -> row.text("id"),
            claimed.store(),
            claimed.file(),
            claimed.claim())
        .isPresent();
  }

  /** Ends the work on a file that is indexed. */
  boolean complete(Tx tx, ClaimedFile claimed, long usageBytes) {
    boolean isOurs =
        tx.update(
                "UPDATE vector_store_files SET status = 'completed', leased = false, usage_bytes = ? WHERE "
                    + IS_OURS,
                usageBytes,
                claimed.store(),
                claimed.file(),
                claimed.claim())
            > 0;
    if (isOurs) {
      outbox.append(tx, ended(claimed, "completed").build());
    }
    return isOurs;
  }

  private Activity.Builder ended(ClaimedFile claimed, String status) {
    return Activity.of(Activity.VECTOR_STORE_FILE + status, claimed.project(), clock.instant())
        .status(status)
        .detail("vector_store_id", claimed.store().value())
        .detail("file_id", claimed.file().value());
  }

  /** Ends the work on a file that cannot be indexed, and removes what was. */
  boolean fail(ClaimedFile claimed, LastError error) {
    return jdbc.inTransaction(
        tx -> {
          int failed =
              tx.update(
                  "UPDATE vector_store_files SET status = 'failed', leased = false, last_error = ? WHERE "
                      + IS_OURS,
                  Tx.json(error),
                  claimed.store(),
                  claimed.file(),
                  claimed.claim());
          if (failed > 0) {
            tx.update(
                "DELETE FROM vector_store_index WHERE store_id = ? AND source_id = ?",
                claimed.store(),
                claimed.file());
            outbox.append(
                tx,
                ended(claimed, "failed")
                    .detail("error", error.code().name().toLowerCase(Locale.ROOT))
                    .build());
          }
          return failed > 0;
        });
  }

  /** Puts a file off. */
  void postpone(ClaimedFile claimed, Duration pause) {
    jdbc.update(
        """
        UPDATE vector_store_files SET leased = false,
          due = clock_timestamp() + ? * interval '1 millisecond'
        WHERE\s"""
            + IS_OURS,
        pause.toMillis(),
        claimed.store(),
        claimed.file(),
        claimed.claim());
  }

  /**
   * Puts a file off whose project has reached a limit, which does not count as an attempt.
   *
   * @param longest after which time since it was added a file does not wait for limits any more
   * @return false if it has waited for so long, or is not this node's
   */
  boolean postponeAtLimit(ClaimedFile claimed, Duration pause, Duration longest) {
    return jdbc.update(
            """
            UPDATE vector_store_files SET leased = false, attempts = greatest(attempts - 1, 0),
              due = clock_timestamp() + ? * interval '1 millisecond'
            WHERE created_at > clock_timestamp() - ? * interval '1 millisecond' AND\s"""
                + IS_OURS,
            pause.toMillis(),
            longest.toMillis(),
            claimed.store(),
            claimed.file(),
            claimed.claim())
        > 0;
  }

  /** Gives a file back that this node does not finish, because it stops. */
  void release(ClaimedFile claimed) {
    jdbc.update(
        """
        UPDATE vector_store_files SET leased = false, due = '-infinity', attempts = attempts - 1
        WHERE\s"""
            + IS_OURS,
        claimed.store(),
        claimed.file(),
        claimed.claim());
  }
}
