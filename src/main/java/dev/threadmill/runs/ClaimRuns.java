package dev.threadmill.runs;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Claims queued runs for this node, as many as it has room for. Projects take turns, so that one
 * with ten thousand runs in the queue does not keep another's single one waiting.
 */
@ApplicationScoped
public class ClaimRuns {
  private static final int MOST_AT_ONCE = 50;

  private final Jdbc jdbc;
  private final LocalRuns liveRuns;
  private final StartRun startRun;
  private final StepStore steps;
  private final NodeLease node;
  private final ConcurrencyLimit concurrency;
  private final InstantSource clock;

  ClaimRuns(
      Jdbc jdbc,
      LocalRuns liveRuns,
      StartRun startRun,
      StepStore steps,
      NodeLease node,
      ConcurrencyLimit concurrency,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.liveRuns = liveRuns;
    this.startRun = startRun;
    this.steps = steps;
    this.node = node;
    this.concurrency = concurrency;
    this.clock = clock;
  }

  private record Claim(Run run, EventId base, List<StreamEvent> news) {}

  /** Claims what is queued and starts it. Returns how many runs that were. */
  public int claim() {
    int claimed = 0;
    while (node.isRegistered()) {
      int room = liveRuns.tryAcquire(MOST_AT_ONCE);
      if (room == 0) {
        return claimed;
      }
      List<Claim> claims = List.of();
      try {
        claims = jdbc.inTransaction(tx -> claim(tx, room));
      } finally {
        liveRuns.release(room - claims.size());
      }
      for (var claim : claims) {
        startRun.start(claim.run(), claim.base(), claim.news(), stepsOf(claim.run()));
      }
      claimed += claims.size();
      if (claims.size() < room) {
        return claimed;
      }
    }
    return claimed;
  }

  private List<Step> stepsOf(Run run) {
    return run.attempt() == 1 ? List.of() : jdbc.whenAvailable(() -> steps.ofRun(run));
  }

  private List<Claim> claim(Tx tx, int room) {
    var claims = new ArrayList<>(claimReady(tx, room));
    int most = room - claims.size();
    if (most > 0) {
      claims.addAll(claimQueued(tx, most));
    }
    return claims;
  }

  /** Runs whose messages to other assistants have all been answered. They go on first. */
  private List<Claim> claimReady(Tx tx, int most) {
    var ready =
        tx.list(
            "SELECT "
                + RunStore.COLUMNS
                + """
                 FROM runs WHERE routing = 'ready' ORDER BY created_at, id LIMIT ?
                FOR NO KEY UPDATE SKIP LOCKED
                """,
            RunStore::read,
            most);
    var claims = new ArrayList<Claim>();
    for (var run : ready) {
      var claimed = run.claimed(node.id(), run.attempt() + 1, run.times().started());
      var news = List.of(StreamEvents.attemptStarted(claimed.attempt()));
      setClaim(tx, claimed, news);
      claims.add(new Claim(claimed, endOf(run), news));
    }
    return claims;
  }

  private List<Claim> claimQueued(Tx tx, int most) {
    var queued =
        tx.list(
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
                         WHERE project_id = l.project_id AND status IN ('in_progress', 'cancelling')
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
            """
                .formatted(RunStore.COLUMNS),
            RunStore::read,
            most,
            most,
            most,
            most);
    queued = withinBounds(tx, queued);
    var claims = new ArrayList<Claim>();
    var tails = tailsOf(tx, queued);
    for (var run : queued) {
      var at = tails.get(run.threadId().value());
      var claimed = run.claimed(node.id(), run.attempt() + 1, at);
      var news =
          List.of(StreamEvents.attemptStarted(claimed.attempt()), StreamEvents.runStatus(claimed));
      setClaim(tx, claimed, news);
      claims.add(new Claim(claimed, endOf(run), news));
    }
    return claims;
  }

  /** Leaves out runs for which another node has taken the last place of their project meanwhile. */
  private List<Run> withinBounds(Tx tx, List<Run> queued) {
    var bounded = new TreeSet<ProjectId>(Comparator.comparing(ProjectId::value));
    queued.stream().map(Run::projectId).filter(concurrency::isLimited).forEach(bounded::add);
    if (bounded.isEmpty()) {
      return queued;
    }
    var free = concurrency.lockAvailableSlots(tx, bounded);
    return queued.stream()
        .sorted(Comparator.comparing((Run run) -> run.times().created()))
        .filter(
            run ->
                run.settings().origin() != null
                    || !free.containsKey(run.projectId())
                    || free.merge(run.projectId(), -1, Integer::sum) >= 0)
        .toList();
  }

  /** The time now, but on every thread later than what it holds. */
  private Map<String, Instant> tailsOf(Tx tx, List<Run> runs) {
    var tails = new HashMap<String, Instant>();
    var now = clock.instant();
    if (!runs.isEmpty()) {
      tx.list(
          "SELECT id, GREATEST(tail + interval '1 microsecond', ?) AS at FROM threads WHERE id = ANY (?)",
          row -> tails.put(row.text("id"), row.instant("at")),
          now,
          runs.stream().map(Run::threadId).toList());
    }
    return tails;
  }

  /** The place behind all that is on the tape of a run. */
  public static EventId endOf(Run run) {
    var end = EventId.START;
    for (var event : EventLog.parse(run.eventLog())) {
      end = end.after(event);
    }
    return end;
  }

  /** Stores who has the run now, and what that puts on its tape. */
  public static void setClaim(Tx tx, Run run, List<StreamEvent> news) {
    tx.update(
        """
        UPDATE runs SET status = ?, owner = ?, attempt = ?, stored = 0, started_at = ?, routing = NULL,
          tape = tape || ?
        WHERE thread_id = ? AND id = ?
        """,
        run.status(),
        run.owner(),
        run.attempt(),
        run.times().started(),
        EventLog.format(news.stream().map(StreamEvent::event).toList()),
        run.threadId(),
        run.id());
  }
}
