package dev.threadmill.runs.store;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Reads runs. {@link RunWorkQueue} finds those that a node has to do something about, {@link
 * RunTransitions} changes them.
 */
@ApplicationScoped
public class RunStore {
  private static final String MATCHES =
      "thread_id = ? AND project_id = ? AND assistant_id = ? AND (? OR status = ANY (?))";

  private static final String SIZE_IN_A_PAGE =
      Keyset.sizeExpression("tools", "instructions", "response_format");

  private final Jdbc jdbc;

  public RunStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The run; empty if the project has no such run in this thread. */
  public Optional<Run> find(ProjectId project, ThreadId thread, RunId run) {
    return jdbc.one(
        "SELECT %s FROM runs WHERE thread_id = ? AND id = ? AND project_id = ?"
            .formatted(RunRow.COLUMNS),
        RunRow::read,
        thread,
        run,
        project);
  }

  /**
   * The run.
   *
   * @throws ApiException 404 if the project has no such run in this thread
   */
  public Run get(ProjectId project, ThreadId thread, RunId run) {
    return find(project, thread, run).orElseThrow(() -> ApiException.notFound("run", run));
  }

  /** Those of the runs that the project has, in any order. */
  public List<Run> findAll(ProjectId project, Collection<RunKey> runs) {
    return jdbc.list(
        """
        SELECT %s FROM runs
        WHERE project_id = ? AND (thread_id, id) IN (SELECT * FROM unnest(?::text[], ?::text[]))
        """
            .formatted(RunRow.COLUMNS),
        RunRow::read,
        project,
        runs.stream().map(RunKey::thread).toList(),
        runs.stream().map(RunKey::run).toList());
  }

  /** The run, locked until the transaction ends; empty if it does not exist. */
  public Optional<Run> lock(Tx tx, ThreadId thread, RunId run) {
    return tx.one(
        "SELECT %s FROM runs WHERE thread_id = ? AND id = ? FOR NO KEY UPDATE"
            .formatted(RunRow.COLUMNS),
        RunRow::read,
        thread,
        run);
  }

  /**
   * The run without what is stored as JSON, which this version may not be able to read, locked
   * until the transaction ends.
   */
  public Optional<Run> lockPlain(Tx tx, RunKey key) {
    return tx.one(
        "SELECT %s FROM runs WHERE thread_id = ? AND id = ? FOR NO KEY UPDATE"
            .formatted(RunRow.COLUMNS),
        RunRow::readPlain,
        key.thread(),
        key.run());
  }

  /** The active runs of a thread, locked until the transaction ends, oldest first. */
  public List<Run> lockActive(Tx tx, ThreadId thread) {
    return tx.list(
        """
        SELECT %s FROM runs WHERE thread_id = ? AND status IN %s
        ORDER BY created_at, id FOR NO KEY UPDATE
        """
            .formatted(RunRow.COLUMNS, RunStatus.sql(RunStatus.ACTIVE)),
        RunRow::read,
        thread);
  }

  /** The run of a thread that waits for its client; empty if none does. */
  public Optional<Run> waiting(ProjectId project, ThreadId thread) {
    return jdbc.one(
        "SELECT %s FROM runs WHERE thread_id = ? AND project_id = ? AND status = 'requires_action'"
            .formatted(RunRow.COLUMNS),
        RunRow::read,
        thread,
        project);
  }

  /** The first run that was created after this time. */
  public Optional<Run> firstAfter(ThreadId thread, Instant time) {
    return jdbc.one(
        """
        SELECT %s FROM runs WHERE thread_id = ? AND created_at > ?
        ORDER BY created_at, id LIMIT 1
        """
            .formatted(RunRow.COLUMNS),
        RunRow::read,
        thread,
        time);
  }

  /** The runs that the filter matches, newest first, without their large values. */
  public List<Run> list(ProjectId project, RunFilter filter) {
    return jdbc.list(
        """
        SELECT %s FROM runs WHERE %s
          AND (?::text IS NULL OR (created_at, id) < (
            SELECT c.created_at, c.id FROM runs c WHERE c.thread_id = ? AND c.id = ?))
        ORDER BY created_at DESC, id DESC LIMIT ?
        """
            .formatted(RunRow.SMALL_COLUMNS, MATCHES),
        RunRow::read,
        filter.thread(),
        project,
        filter.assistant(),
        filter.statuses().isEmpty(),
        filter.statuses().stream().map(RunStatus::wire).toList(),
        filter.after(),
        filter.thread(),
        filter.after(),
        filter.limit());
  }

  /** How many runs the filter matches, whatever its limit and its starting point. */
  public int count(ProjectId project, RunFilter filter) {
    return jdbc.one(
            "SELECT count(*)::int AS n FROM runs WHERE " + MATCHES,
            row -> row.integer("n"),
            filter.thread(),
            project,
            filter.assistant(),
            filter.statuses().isEmpty(),
            filter.statuses().stream().map(RunStatus::wire).toList())
        .orElseThrow();
  }

  /** The active runs of the project whose metadata contains this, oldest first, 10 at most. */
  public List<Run> active(ProjectId project, Metadata metadata) {
    return jdbc.list(
        """
        SELECT %s FROM runs WHERE project_id = ? AND metadata @> ? AND status IN %s
        ORDER BY created_at LIMIT 10
        """
            .formatted(RunRow.COLUMNS, RunStatus.sql(RunStatus.ACTIVE)),
        RunRow::read,
        project,
        Tx.json(metadata));
  }

  /** A page of the thread's runs, without their event logs. */
  public Page<Run> list(ProjectId project, ThreadId thread, PageRequest page) {
    return runsOf(project, thread)
        .pageBoundedBySize(
            page, Keyset.counted(jdbc, RunRow::read), run -> run.id().value(), SIZE_IN_A_PAGE);
  }

  /**
   * As {@link #get}, without its event log, for an answer that shows it.
   *
   * @throws ApiException 404 if the project has no such run in this thread
   */
  public Run getToShow(ProjectId project, ThreadId thread, RunId run) {
    return runsOf(project, thread)
        .find(run.value(), Keyset.counted(jdbc, RunRow::read), SIZE_IN_A_PAGE)
        .orElseThrow(() -> ApiException.notFound("run", run));
  }

  private static Keyset runsOf(ProjectId project, ThreadId thread) {
    return Keyset.of(RunRow.COLUMNS_OF_A_PAGE, "runs")
        .within("thread_id = ?", thread)
        .within("project_id = ?", project);
  }

  /**
   * A run that waits for the output of a tool call.
   *
   * @param assistant null if the run has none
   */
  public record WaitingRun(RunId run, AssistantId assistant) {}

  /** The run that waits for the output of this call; empty if none does. */
  public Optional<WaitingRun> waitingFor(ProjectId project, ThreadId thread, ToolCallId call) {
    return jdbc.one(
        """
        SELECT r.id, r.assistant_id
        FROM tool_calls c JOIN runs r ON r.thread_id = c.thread_id AND r.id = c.run_id
        WHERE c.thread_id = ? AND c.id = ? AND c.project_id = ?
          AND c.output IS NULL AND r.status = 'requires_action'
        """,
        row ->
            new WaitingRun(row.text("id", RunId::new), row.text("assistant_id", AssistantId::new)),
        thread,
        call,
        project);
  }

  /**
   * How far the rows of a run have come.
   *
   * @param logLength in characters
   * @param journalPosition where the last entry of the journal begins; -1 if there is none
   */
  public record Version(
      RunId run, int attempt, RunStatus status, int logLength, long journalPosition) {}

  /** The versions of those of the runs that exist. */
  public List<Version> versions(Collection<RunKey> runs) {
    return jdbc.list(
        """
        SELECT r.id, r.attempt, r.status, length(r.tape) AS tape,
          coalesce((SELECT max(j.position) FROM run_journal j
                    WHERE j.thread_id = r.thread_id AND j.run_id = r.id), -1) AS journal
        FROM unnest(?::text[], ?::text[]) AS w (thread_id, run_id)
        JOIN runs r ON r.thread_id = w.thread_id AND r.id = w.run_id
        """,
        RunStore::version,
        runs.stream().map(RunKey::thread).toList(),
        runs.stream().map(RunKey::run).toList());
  }

  private static Version version(Row row) throws SQLException {
    return new Version(
        row.text("id", RunId::new),
        row.integer("attempt"),
        row.enumValue("status", RunStatus.class),
        row.integer("tape"),
        row.bigint("journal"));
  }

  /** Whether this attempt of the run has committed exactly so often. */
  public boolean hasCommitted(Run run, int commits) {
    return jdbc.one(
            "SELECT 1 AS one FROM runs"
                + " WHERE thread_id = ? AND id = ? AND attempt = ? AND stored = ?",
            row -> row.integer("one"),
            run.threadId(),
            run.id(),
            run.attempt(),
            commits)
        .isPresent();
  }
}
