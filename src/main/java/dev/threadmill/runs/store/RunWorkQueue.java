package dev.threadmill.runs.store;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.NewMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Finds the runs that need work by a node: claimable runs, runs whose owner has no lease, expired
 * runs, and runs that wait for another run of their thread.
 */
@ApplicationScoped
public class RunWorkQueue {
  private static final TypeReference<List<NewMessage>> MESSAGES = new TypeReference<>() {};

  private static final String READY =
      """
      SELECT %s FROM runs WHERE routing = 'ready' ORDER BY created_at, id LIMIT ?
      FOR NO KEY UPDATE SKIP LOCKED
      """;

  private static final String QUEUED =
      """
      SELECT %s FROM runs WHERE (thread_id, id) IN (
        SELECT thread_id, id FROM (
          SELECT thread_id, id, created_at,
                 row_number() OVER (PARTITION BY project_id ORDER BY created_at, id) AS turn
          FROM (
            SELECT q.thread_id, q.id, q.project_id, q.created_at
            FROM (SELECT DISTINCT project_id FROM runs
                  WHERE status = 'queued' AND owner IS NULL AND NOT waiting) p
            LEFT JOIN usage_limits l
              ON l.project_id = p.project_id AND l.scope = 'project'
                AND l.concurrent_threads IS NOT NULL
            CROSS JOIN LATERAL (
              (SELECT thread_id, id, project_id, created_at FROM runs
               WHERE project_id = p.project_id AND status = 'queued' AND owner IS NULL
                 AND NOT waiting AND (l.project_id IS NULL OR parent_run_id IS NULL)
               ORDER BY created_at, id
               LIMIT CASE WHEN l.project_id IS NULL THEN ? ELSE LEAST(?, GREATEST(0,
                 l.concurrent_threads - (
                   SELECT count(*) FROM runs
                   WHERE project_id = l.project_id AND status IN %s
                     AND parent_run_id IS NULL))) END)
              UNION ALL
              (SELECT thread_id, id, project_id, created_at FROM runs
               WHERE l.project_id = p.project_id AND project_id = l.project_id
                 AND status = 'queued' AND owner IS NULL AND NOT waiting
                 AND parent_run_id IS NOT NULL
               ORDER BY created_at, id LIMIT ?)) q) nearest) ranked
        ORDER BY turn, created_at LIMIT ?)
      AND status = 'queued' AND owner IS NULL AND NOT waiting
      FOR NO KEY UPDATE SKIP LOCKED
      """;

  private final Jdbc jdbc;

  public RunWorkQueue(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Runs whose child runs have all ended, locked until the transaction ends. Runs that another
   * transaction has locked are left out.
   */
  public List<Run> lockReady(Tx tx, int limit) {
    return tx.list(ready(RunRow.COLUMNS), RunRow::read, limit);
  }

  /**
   * Queued runs, locked until the transaction ends. Projects take turns, and of a project that
   * limits its concurrent runs only as many are returned as may start. Child runs do not count
   * against that limit.
   */
  public List<Run> lockQueued(Tx tx, int limit) {
    return tx.list(queued(RunRow.COLUMNS), RunRow::read, limit, limit, limit, limit);
  }

  /** The keys of the runs that {@link #lockReady} and {@link #lockQueued} return. */
  public List<RunKey> claimable(Tx tx, int limit) {
    var keys = new ArrayList<>(tx.list(ready("thread_id, id"), RunRow::key, limit));
    keys.addAll(tx.list(queued("thread_id, id"), RunRow::key, limit, limit, limit, limit));
    return keys;
  }

  private static String ready(String columns) {
    return READY.formatted(columns);
  }

  private static String queued(String columns) {
    return QUEUED.formatted(columns, RunStatus.sql(RunStatus.EXECUTING));
  }

  /**
   * A run that is claimed and whose owner does not execute it.
   *
   * @param crashes how many nodes in a row have failed while they executed it, without a commit
   */
  public record OrphanedRun(RunKey key, String owner, int attempt, int crashes) {}

  /**
   * Runs whose owner has no lease, and those of this node that it does not execute. Runs that nodes
   * have failed on come last.
   *
   * @param executed the runs that this node executes
   */
  public List<OrphanedRun> orphans(String node, Collection<RunId> executed, int limit) {
    return jdbc.list(
        """
        SELECT thread_id, id, owner, attempt, crashes FROM runs r
        WHERE status IN %s AND owner IS NOT NULL
          AND (NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = r.owner)
            OR owner = ? AND NOT id = ANY (?))
        ORDER BY crashes, created_at, id LIMIT ?
        """
            .formatted(RunStatus.sql(RunStatus.EXECUTING)),
        row ->
            new OrphanedRun(
                RunRow.key(row), row.text("owner"), row.integer("attempt"), row.integer("crashes")),
        node,
        executed,
        limit);
  }

  /**
   * The runs that may be claimed.
   *
   * @param ageSeconds of the oldest; 0 if there is none
   */
  public record QueueState(long count, double ageSeconds) {}

  /** How many runs may be claimed, and for how long the first has waited. */
  public QueueState state() {
    return jdbc.one(
            """
            SELECT count(*) AS n,
              coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS age
            FROM runs WHERE status = 'queued' AND owner IS NULL AND NOT waiting
            """,
            row -> new QueueState(row.bigint("n"), Math.max(0, row.float8("age"))))
        .orElseThrow();
  }

  /** Active runs that have expired by this time, the first to expire first. */
  public List<RunKey> expired(Instant now, int limit) {
    return jdbc.list(
        """
        SELECT thread_id, id FROM runs WHERE status IN %s AND expires_at <= ?
        ORDER BY expires_at LIMIT ?
        """
            .formatted(RunStatus.sql(RunStatus.ACTIVE)),
        RunRow::key,
        now,
        limit);
  }

  /** The runs of this node that are to be cancelled. */
  public List<RunId> cancelling(String node) {
    return jdbc.list(
        "SELECT id FROM runs WHERE owner = ? AND status = 'cancelling'",
        row -> row.text("id", RunId::new),
        node);
  }

  /** How many runs wait for their turn on a thread. */
  public int countWaiting(Tx tx, ThreadId thread) {
    return tx.one(
            "SELECT count(*)::int AS n FROM runs WHERE thread_id = ? AND waiting",
            row -> row.integer("n"),
            thread)
        .orElseThrow();
  }

  /** Whether any run waits for another run of its thread. */
  public boolean isAnyWaiting() {
    return jdbc.one("SELECT 1 FROM runs WHERE waiting LIMIT 1", _ -> true).isPresent();
  }

  /** A thread of a project. */
  public record ThreadKey(ProjectId project, ThreadId thread) {}

  /** Threads that have a waiting run and no active run. */
  public List<ThreadKey> threadsToPromote(int limit) {
    return jdbc.list(
        """
        SELECT DISTINCT w.project_id, w.thread_id FROM runs w
        WHERE w.waiting AND w.status = 'queued' AND NOT EXISTS (
          SELECT 1 FROM runs a WHERE a.thread_id = w.thread_id AND NOT a.waiting
            AND a.status IN %s)
        LIMIT ?
        """
            .formatted(RunStatus.sql(RunStatus.ACTIVE)),
        row ->
            new ThreadKey(
                row.text("project_id", ProjectId::new), row.text("thread_id", ThreadId::new)),
        limit);
  }

  /** A waiting run, and the messages that are added to its thread when it becomes active. */
  public record WaitingRun(RunKey key, List<NewMessage> messages) {}

  /** The oldest run that waits on a thread, locked until the transaction ends. */
  public Optional<WaitingRun> lockOldestWaiting(Tx tx, ThreadId thread) {
    return tx.one(
        """
        SELECT thread_id, id, waiting_messages FROM runs
        WHERE thread_id = ? AND waiting AND status = 'queued'
        ORDER BY created_at, id LIMIT 1 FOR NO KEY UPDATE
        """,
        row -> new WaitingRun(RunRow.key(row), row.json("waiting_messages", MESSAGES)),
        thread);
  }
}
