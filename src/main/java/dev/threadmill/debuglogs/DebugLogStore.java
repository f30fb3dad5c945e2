package dev.threadmill.debuglogs;

import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Tx;
import dev.threadmill.telemetry.tracing.DebugWork;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** The table of debug logs. */
@ApplicationScoped
class DebugLogStore {
  static final String PREFIX = "dbg_";
  private static final Duration LEASE = Duration.ofMinutes(10);

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final DebugLogsConfig config;

  DebugLogStore(Jdbc jdbc, Ids ids, InstantSource clock, DebugLogsConfig config) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.config = config;
  }

  /**
   * Adds an entry, unless the project has an assistant whose privacy is strict, or the request or
   * the project would have too much.
   *
   * @return whether it was added
   */
  boolean insert(DebugWork work, String kind, String sealed, boolean truncated) {
    int bytes = sealed.length();
    return jdbc.update(
            """
            INSERT INTO debug_logs (id, project_id, request_id, thread_id, run_id, kind,
              created_at, bytes, truncated, content)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
            WHERE NOT EXISTS (
              SELECT 1 FROM assistants WHERE project_id = ? AND privacy ->> 'mode' = 'strict')
            AND ? + (SELECT coalesce(sum(bytes), 0) FROM debug_logs
              WHERE project_id = ? AND request_id = ?) <= ?
            AND ? + (SELECT coalesce(sum(bytes), 0) FROM debug_logs
              WHERE project_id = ? AND archive IS NULL) <= ?
            """,
            ids.next(PREFIX),
            work.project(),
            work.requestId(),
            work.thread(),
            work.run(),
            kind,
            clock.instant(),
            bytes,
            truncated,
            sealed,
            work.project(),
            bytes,
            work.project(),
            work.requestId(),
            config.requestBytes(),
            bytes,
            work.project(),
            config.projectBytes())
        > 0;
  }

  /** A page of entries without their content. A filter is null for all. */
  Page<DebugLogEntry> list(ProjectId project, String request, String run, PageRequest page) {
    var entries =
        Keyset.of(DebugLogEntry.COLUMNS, "debug_logs").within("project_id = ?", project.value());
    if (request != null) {
      entries.filteredBy("request_id = ?", request);
    }
    if (run != null) {
      entries.filteredBy("run_id = ?", run);
    }
    return entries.page(
        page, (sql, params) -> jdbc.list(sql, DebugLogEntry::read, params), DebugLogEntry::id);
  }

  /** An entry with its stored content. */
  Optional<DebugLogEntry> find(Tx tx, ProjectId project, String id) {
    return tx.one(
        "SELECT %s FROM debug_logs WHERE id = ? AND project_id = ?"
            .formatted(DebugLogEntry.WITH_CONTENT),
        DebugLogEntry::readWithContent,
        id,
        project);
  }

  /**
   * Deletes entries of a project.
   *
   * @return the archives that they were in
   */
  List<String> delete(Tx tx, ProjectId project, int limit) {
    return tx.updateReturning(
        """
        DELETE FROM debug_logs WHERE id IN (
          SELECT id FROM debug_logs WHERE project_id = ? ORDER BY created_at, id LIMIT ?
          FOR UPDATE)
        RETURNING coalesce(archive, '') AS archive
        """,
        row -> row.text("archive"),
        project,
        limit);
  }

  /** Those of these archives that no entry is in any more. */
  List<String> unused(Tx tx, List<String> archives) {
    return tx.list(
        """
        SELECT DISTINCT a FROM unnest(?) AS a
        WHERE a <> '' AND NOT EXISTS (SELECT 1 FROM debug_logs WHERE archive = a)
        """,
        row -> row.text("a"),
        archives);
  }

  /**
   * Deletes entries that are older than the retention, of projects that do not archive them.
   *
   * @return how many, at most the limit
   */
  int deleteOld(int limit) {
    return jdbc.update(
        """
        DELETE FROM debug_logs WHERE id IN (
          SELECT d.id FROM debug_logs d WHERE d.archive IS NULL AND d.created_at < ?
            AND NOT EXISTS (SELECT 1 FROM debug_log_settings s
              WHERE s.project_id = d.project_id AND s.after_retention = 'archive')
          ORDER BY d.created_at, d.id LIMIT ? FOR UPDATE SKIP LOCKED)
        """,
        clock.instant().minus(config.retention()),
        limit);
  }

  /** Takes entries of one project that are to be archived; this node has them for some time. */
  List<DebugLogEntry> claimOld(int limit) {
    return jdbc.updateReturning(
        """
        UPDATE debug_logs SET claimed_until = ? WHERE id IN (
          SELECT d.id FROM debug_logs d
          WHERE d.archive IS NULL AND d.created_at < ? AND d.claimed_until < ?
            AND d.project_id = (
              SELECT o.project_id FROM debug_logs o
              JOIN debug_log_settings s ON s.project_id = o.project_id
              WHERE s.after_retention = 'archive' AND o.archive IS NULL AND o.created_at < ?
                AND o.claimed_until < ? LIMIT 1)
          ORDER BY d.created_at, d.id LIMIT ? FOR UPDATE SKIP LOCKED)
        RETURNING %s
        """
            .formatted(DebugLogEntry.WITH_CONTENT),
        DebugLogEntry::readWithContent,
        clock.instant().plus(LEASE),
        clock.instant().minus(config.retention()),
        clock.instant(),
        clock.instant().minus(config.retention()),
        clock.instant(),
        limit);
  }

  /** The content of an entry is in a blob from now on. */
  void archived(Tx tx, String id, String blob, long from) {
    tx.update(
        "UPDATE debug_logs SET content = NULL, archive = ?, archive_from = ? WHERE id = ?",
        blob,
        from,
        id);
  }
}
