package dev.threadmill.files;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.storage.FilesConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The tables of blobs and of their sum for each project. A blob is entered before it is written and
 * leaves when it is removed; every change keeps the sum of its project.
 */
@ApplicationScoped
class BlobLedger {
  /** The lease of a node on a blob that it writes or removes. Less than an hour. */
  static final Duration LEASE = Duration.ofMinutes(30);

  private final Jdbc jdbc;
  private final FilesConfig config;
  private final Semaphore released = new Semaphore(0);

  BlobLedger(Jdbc jdbc, FilesConfig config) {
    this.jdbc = jdbc;
    this.config = config;
  }

  /** A blob that is no longer needed. */
  record Released(String key, long bytes) {}

  /**
   * Enters a blob that is going to be written.
   *
   * @param bytes what is known to come, 0 for unknown
   * @param sealedKey of an encrypted blob; else null
   * @return its key
   * @throws ApiException 429 if the project has no space for it
   */
  String reserve(ProjectId project, long bytes, String sealedKey) {
    var key = UUID.randomUUID().toString().replace("-", "");
    jdbc.runInTransaction(
        tx -> {
          charge(tx, project, bytes, 1);
          tx.defer(
              """
              INSERT INTO file_blobs (key, project_id, bytes, state, sealed_key, leased_until)
              VALUES (?, ?, ?, 'writing', ?, now() + ? * interval '1 second')""",
              key,
              project,
              bytes,
              sealedKey,
              LEASE.toSeconds());
        });
    return key;
  }

  /**
   * How a blob is encrypted.
   *
   * @param bytes that it has, decrypted
   */
  record Encryption(ProjectId project, String sealedKey, long bytes) {}

  /** How a blob is encrypted; empty if it is not. */
  Optional<Encryption> encryption(String key) {
    return jdbc.one(
        """
        SELECT project_id, sealed_key, bytes FROM file_blobs
        WHERE key = ? AND sealed_key IS NOT NULL""",
        row ->
            new Encryption(
                row.text("project_id", ProjectId::new),
                row.text("sealed_key"),
                row.bigint("bytes")),
        key);
  }

  /**
   * Renews the lease of a blob that is being written, and its size.
   *
   * @param bytes what is written so far
   * @throws ApiException 429 if the project has no space for it, 503 if the lease was lost
   */
  void renew(ProjectId project, String key, long bytes) {
    jdbc.runInTransaction(tx -> resize(tx, project, key, bytes, true));
  }

  /**
   * Records that a blob is written, in the transaction that inserts the row which names it.
   *
   * @throws ApiException 429 if the project has no space for it, 503 if the lease was lost
   */
  void store(Tx tx, ProjectId project, String key, long bytes) {
    resize(tx, project, key, bytes, false);
    tx.defer("UPDATE file_blobs SET state = 'stored', leased_until = NULL WHERE key = ?", key);
  }

  private void resize(Tx tx, ProjectId project, String key, long bytes, boolean onlyUp) {
    long reserved =
        tx.updateReturningOne(
                """
                UPDATE file_blobs SET leased_until = now() + ? * interval '1 second'
                WHERE key = ? AND state = 'writing' RETURNING bytes""",
                row -> row.bigint("bytes"),
                LEASE.toSeconds(),
                key)
            .orElseThrow(() -> ApiException.unavailable("The file took too long to store.", 1));
    long more = onlyUp ? Math.max(0, bytes - reserved) : bytes - reserved;
    if (more != 0) {
      charge(tx, project, more, 0);
      tx.defer("UPDATE file_blobs SET bytes = bytes + ? WHERE key = ?", more, key);
    }
  }

  private void charge(Tx tx, ProjectId project, long bytes, int blobs) {
    long byDefault = config.projectBytes();
    boolean fits =
        tx.updateReturningOne(
                """
                INSERT INTO file_usage AS usage (project_id, bytes, blobs)
                SELECT ?, ?, ? WHERE ? <= coalesce(
                  (SELECT max_bytes FROM file_usage WHERE project_id = ?), ?) OR ? <= 0
                ON CONFLICT (project_id) DO UPDATE
                SET bytes = usage.bytes + excluded.bytes, blobs = usage.blobs + excluded.blobs
                WHERE excluded.bytes <= 0
                  OR usage.bytes + excluded.bytes <= coalesce(usage.max_bytes, ?)
                RETURNING usage.bytes""",
                row -> row.bigint("bytes"),
                project,
                bytes,
                blobs,
                bytes,
                project,
                byDefault,
                bytes,
                byDefault)
            .isPresent();
    if (!fits) {
      throw exceeded(most(tx, project));
    }
  }

  private long most(Tx tx, ProjectId project) {
    return tx.one(
            "SELECT max_bytes FROM file_usage WHERE project_id = ? AND max_bytes IS NOT NULL",
            row -> row.bigint("max_bytes"),
            project)
        .orElse(config.projectBytes());
  }

  private static ApiException exceeded(long most) {
    return new ApiException(
        429,
        new ApiError(
            "The files of this project would exceed its limit of %d bytes. Delete some first."
                .formatted(most),
            "insufficient_quota",
            null,
            "insufficient_quota"));
  }

  /** Gives up blobs that nothing names any longer; they are removed after the commit. */
  void release(Tx tx, Collection<String> keys) {
    release(tx, keys, "state <> 'deleting'");
  }

  /**
   * Gives up a blob that is not stored, in a transaction of its own. If the commit that stores it
   * has succeeded although the database could not say so, the blob stays.
   */
  void abandon(String key) {
    jdbc.runInTransaction(tx -> release(tx, List.of(key), "state = 'writing'"));
  }

  private void release(Tx tx, Collection<String> keys, String condition) {
    tx.defer(
        """
        WITH released AS (
          UPDATE file_blobs SET state = 'deleting', leased_until = now()
          WHERE key = ANY(?) AND %s RETURNING project_id, bytes)
        UPDATE file_usage AS usage
        SET bytes = usage.bytes - gone.bytes, blobs = usage.blobs - gone.blobs
        FROM (SELECT project_id, sum(bytes) AS bytes, count(*) AS blobs
          FROM released GROUP BY project_id) AS gone
        WHERE usage.project_id = gone.project_id"""
            .formatted(condition),
        keys);
    tx.afterCommit(released::release);
  }

  /** Returns when a blob was released on this node, or after this time. */
  void awaitReleased(Duration most) throws InterruptedException {
    if (released.tryAcquire(most.toNanos(), TimeUnit.NANOSECONDS)) {
      released.drainPermits();
    }
  }

  /**
   * Takes blobs that have to be removed: those that were released, and those of nodes that stopped
   * while they wrote or removed them. They are this node's until their lease ends.
   */
  List<Released> claimReleased(int limit) {
    return jdbc.inTransaction(
        tx -> {
          tx.defer(
              """
              WITH abandoned AS (
                SELECT key FROM file_blobs WHERE state = 'writing' AND leased_until < now()
                ORDER BY leased_until LIMIT ? FOR UPDATE SKIP LOCKED),
              released AS (
                UPDATE file_blobs AS blob SET state = 'deleting' FROM abandoned
                WHERE blob.key = abandoned.key RETURNING blob.project_id, blob.bytes)
              UPDATE file_usage AS usage
              SET bytes = usage.bytes - gone.bytes, blobs = usage.blobs - gone.blobs
              FROM (SELECT project_id, sum(bytes) AS bytes, count(*) AS blobs
                FROM released GROUP BY project_id) AS gone
              WHERE usage.project_id = gone.project_id""",
              limit);
          return tx.updateReturning(
              """
              UPDATE file_blobs SET leased_until = now() + ? * interval '1 second'
              WHERE key IN (SELECT key FROM file_blobs
                WHERE state = 'deleting' AND leased_until <= now()
                ORDER BY leased_until LIMIT ? FOR UPDATE SKIP LOCKED)
              RETURNING key, bytes""",
              row -> new Released(row.text("key"), row.bigint("bytes")),
              LEASE.toSeconds(),
              limit);
        });
  }

  /** Those of these keys whose blobs are being written. */
  Set<String> writing(Collection<String> keys) {
    return Set.copyOf(
        jdbc.list(
            "SELECT key FROM file_blobs WHERE key = ANY(?) AND state = 'writing'",
            row -> row.text("key"),
            keys));
  }

  /** Records that these blobs are removed. */
  void removed(List<Released> blobs) {
    jdbc.update(
        "DELETE FROM file_blobs WHERE key = ANY(?) AND state = 'deleting'",
        blobs.stream().map(Released::key).toList());
  }

  /** What the blobs of a project add up to, in bytes. */
  long usedBytes(ProjectId project) {
    return jdbc.one(
            "SELECT bytes FROM file_usage WHERE project_id = ?",
            row -> row.bigint("bytes"),
            project)
        .orElse(0L);
  }
}
