package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ImportId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Tx;
import dev.threadmill.imports.ImportJob.Stage;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tables of imports, of their counts and of their problems. A claim moves the time at which an
 * import is due by the lease and raises its {@code claim}, on which all later writes depend. These
 * times are those of the database.
 */
@ApplicationScoped
class ImportStore {
  private static final String COLUMNS =
      "id, project_id, created_at, status, stage, request, secret, position, error, completed_at,"
          + " claim, attempts";

  private static final String IS_OURS = "id = ? AND claim = ? AND status = 'in_progress'";

  /** The most problems of an import that are kept one by one. */
  static final int MAX_PROBLEMS = 1_000;

  private static final int LONGEST_MESSAGE = 500;

  private final Jdbc jdbc;
  private final ImportsConfig config;
  private final InstantSource clock;

  ImportStore(Jdbc jdbc, ImportsConfig config, InstantSource clock) {
    this.jdbc = jdbc;
    this.config = config;
    this.clock = clock;
  }

  /** This node has lost the import: it was cancelled, or another node has claimed it. */
  static final class LostImportException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LostImportException() {
      super("the import is no longer this node's");
    }
  }

  /** An object that was not taken, or not as a whole. */
  record Problem(Kind kind, String sourceId, String message) {}

  /** Stores an import; 400 if the project has too many that are not done. */
  void insert(ImportJob job) {
    jdbc.runInTransaction(
        tx -> {
          // One after the other, or two requests count the same rows.
          tx.one(
              "SELECT pg_advisory_xact_lock(hashtext(?)) IS NULL AS locked",
              row -> row.bool("locked"),
              "imports of " + job.project());
          int unfinished =
              tx.one(
                      "SELECT count(*)::integer AS n FROM imports WHERE project_id = ?"
                          + " AND status IN ('queued', 'in_progress')",
                      row -> row.integer("n"),
                      job.project())
                  .orElse(0);
          if (unfinished >= config.unfinished()) {
            throw ApiException.invalidState(
                "This project has %d imports that are not done. Wait for one of them, or cancel it."
                    .formatted(unfinished));
          }
          tx.update(
              "INSERT INTO imports (id, project_id, created_at, status, stage, request, secret)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?)",
              job.id(),
              job.project(),
              job.createdAt(),
              job.status(),
              job.stage(),
              Tx.json(job.request()),
              job.secret());
        });
  }

  Optional<ImportJob> find(ProjectId project, ImportId id) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM imports WHERE id = ? AND project_id = ?",
        ImportJob::read,
        id,
        project);
  }

  Page<ImportJob> list(ProjectId project, PageRequest page) {
    return Keyset.of(COLUMNS, "imports")
        .within("project_id = ?", project)
        .page(
            page,
            (sql, params) -> jdbc.list(sql, ImportJob::read, params),
            job -> job.id().value());
  }

  /** Claims the import that has been due the longest. */
  Optional<ImportJob> claim() {
    return jdbc.updateReturningOne(
        """
        UPDATE imports SET status = 'in_progress', claim = claim + 1,
          due = clock_timestamp() + ? * interval '1 millisecond'
        WHERE id = (SELECT id FROM imports
          WHERE status IN ('queued', 'in_progress') AND due <= clock_timestamp()
          ORDER BY due, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING\s"""
            + COLUMNS,
        ImportJob::read,
        config.lease().toMillis());
  }

  Duration untilNextDue(Duration max) {
    return jdbc.one(
            """
            SELECT coalesce(extract(epoch FROM min(due) - clock_timestamp()) * 1000, 'Infinity')::float8
              AS millis
            FROM imports WHERE status IN ('queued', 'in_progress')
            """,
            row -> row.float8("millis"))
        .map(millis -> Duration.ofMillis((long) Math.clamp(millis + 1, 10, max.toMillis())))
        .orElse(max);
  }

  void renew(Collection<ImportJob> claimed) {
    for (var job : claimed) {
      jdbc.update(
          "UPDATE imports SET due = clock_timestamp() + ? * interval '1 millisecond' WHERE "
              + IS_OURS,
          config.lease().toMillis(),
          job.id(),
          job.claim());
    }
  }

  /**
   * Locks a claimed import until the transaction ends.
   *
   * @throws LostImportException if it is no longer this node's
   */
  void fence(Tx tx, ImportJob job) {
    if (tx.one(
            "SELECT id FROM imports WHERE " + IS_OURS + " FOR UPDATE",
            row -> row.text("id"),
            job.id(),
            job.claim())
        .isEmpty()) {
      throw new LostImportException();
    }
  }

  /** Stores how far the source is read. */
  ImportJob moveTo(Tx tx, ImportJob job, ObjectNode position) {
    tx.defer("UPDATE imports SET position = ?, attempts = 0 WHERE id = ?", position, job.id());
    return job.at(position);
  }

  ImportJob enter(ImportJob job, Stage stage) {
    jdbc.runInTransaction(
        tx -> {
          fence(tx, job);
          tx.defer("UPDATE imports SET stage = ?, attempts = 0 WHERE id = ?", stage, job.id());
        });
    return job.at(stage);
  }

  /** Releases an import so that it is due after a pause. */
  void postpone(ImportJob job, Duration pause, boolean failed) {
    jdbc.update(
        "UPDATE imports SET due = clock_timestamp() + ? * interval '1 millisecond',"
            + " attempts = attempts + ? WHERE "
            + IS_OURS,
        pause.toMillis(),
        failed ? 1 : 0,
        job.id(),
        job.claim());
  }

  /** Ends an import, whose items are removed. */
  void end(ImportJob job, ImportJob.Status status, String error) {
    jdbc.runInTransaction(
        tx -> {
          fence(tx, job);
          end(tx, job.id(), status, error);
        });
  }

  /** Cancels an import. What was written stays. False if it has ended. */
  boolean cancel(ProjectId project, ImportId id) {
    return jdbc.inTransaction(
        tx -> {
          var isOpen =
              tx.one(
                      "SELECT id FROM imports WHERE id = ? AND project_id = ?"
                          + " AND status IN ('queued', 'in_progress') FOR UPDATE",
                      row -> row.text("id"),
                      id,
                      project)
                  .isPresent();
          if (isOpen) {
            end(tx, id, ImportJob.Status.CANCELLED, null);
          }
          return isOpen;
        });
  }

  private void end(Tx tx, ImportId id, ImportJob.Status status, String error) {
    tx.update(
        "UPDATE imports SET status = ?, error = ?, completed_at = ?, secret = NULL WHERE id = ?",
        status,
        error,
        clock.instant(),
        id);
    tx.update("DELETE FROM import_items WHERE import_id = ?", id);
  }

  /** Progress was made: failures from now on are counted from the first. */
  static void resetAttempts(Tx tx, ImportJob job) {
    tx.defer("UPDATE imports SET attempts = 0 WHERE id = ? AND attempts > 0", job.id());
  }

  /** How often the import has failed since it last made progress. */
  int attempts(ImportJob job) {
    return jdbc.one(
            "SELECT attempts FROM imports WHERE id = ?", row -> row.integer("attempts"), job.id())
        .orElse(0);
  }

  /** Deletes imports that have ended so long ago, some at a time. Returns how many. */
  int deleteOld(Duration age, int limit) {
    return jdbc.inTransaction(
        tx -> {
          var old =
              tx.updateReturning(
                  """
                  DELETE FROM imports WHERE id IN (
                    SELECT id FROM imports WHERE completed_at < ? LIMIT ? FOR UPDATE SKIP LOCKED)
                  RETURNING id
                  """,
                  row -> row.text("id"),
                  clock.instant().minus(age),
                  limit);
          if (!old.isEmpty()) {
            tx.update("DELETE FROM import_counts WHERE import_id = ANY (?)", old);
            tx.update("DELETE FROM import_problems WHERE import_id = ANY (?)", old);
          }
          return old.size();
        });
  }

  /**
   * Counts objects with an outcome: {@code read}, {@code created}, {@code present}, {@code failed}.
   */
  static void count(Tx tx, ImportJob job, Kind kind, String outcome, long objects) {
    if (objects > 0) {
      tx.update(
          """
          INSERT INTO import_counts AS c (import_id, kind, outcome, objects) VALUES (?, ?, ?, ?)
          ON CONFLICT (import_id, kind, outcome) DO UPDATE SET objects = c.objects + excluded.objects
          """,
          job.id(),
          kind,
          outcome,
          objects);
    }
  }

  /** The counts of an import by kind and outcome. */
  Map<String, Map<String, Long>> counts(ImportId id) {
    var counts = new LinkedHashMap<String, Map<String, Long>>();
    jdbc.list(
        "SELECT kind, outcome, objects FROM import_counts WHERE import_id = ? ORDER BY kind, outcome",
        row ->
            counts
                .computeIfAbsent(row.text("kind"), _ -> new LinkedHashMap<>())
                .put(row.text("outcome"), row.bigint("objects")),
        id);
    return counts;
  }

  /** Records that an object was not taken, or not as a whole. */
  static void report(Tx tx, ImportJob job, Collection<Problem> problems) {
    if (problems.isEmpty()) {
      return;
    }
    tx.batch(
        """
        INSERT INTO import_problems (import_id, kind, source_id, message)
        SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM import_problems WHERE import_id = ?) < ?
        """,
        problems.stream()
            .map(
                each ->
                    new Object[] {
                      job.id(),
                      each.kind(),
                      clipped(each.sourceId(), 140),
                      clipped(each.message(), LONGEST_MESSAGE),
                      job.id(),
                      MAX_PROBLEMS
                    })
            .toList());
  }

  private static String clipped(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length) + "…";
  }

  List<Problem> problems(ImportId id, int limit) {
    return jdbc.list(
        "SELECT kind, source_id, message FROM import_problems WHERE import_id = ?"
            + " ORDER BY number LIMIT ?",
        row ->
            new Problem(
                row.enumValue("kind", Kind.class), row.text("source_id"), row.text("message")),
        id,
        limit);
  }
}
