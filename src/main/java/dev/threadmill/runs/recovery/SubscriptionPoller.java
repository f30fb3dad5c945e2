package dev.threadmill.runs.recovery;

import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.store.RunStatus;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;

/**
 * Looks after runs that are watched here and executed elsewhere, in case that a signal was lost:
 * one statement for very many of them, however many read along.
 */
@ApplicationScoped
public class SubscriptionPoller {
  private static final int MOST_AT_ONCE = 2_000;

  private final Jdbc jdbc;
  private final RunSubscriptions watches;
  private long saidAgainAt = System.nanoTime();

  public SubscriptionPoller(Jdbc jdbc, RunSubscriptions watches) {
    this.jdbc = jdbc;
    this.watches = watches;
  }

  /** To be called at every sweep. */
  void poll() {
    var due = watches.due();
    for (int from = 0; from < due.size(); from += MOST_AT_ONCE) {
      poll(due.subList(from, Math.min(from + MOST_AT_ONCE, due.size())));
    }
    if (System.nanoTime() - saidAgainAt > RunSubscriptions.RENEWAL_INTERVAL.toNanos()) {
      saidAgainAt = System.nanoTime();
      watches.renewAll();
    }
  }

  private record Found(RunId run, RunSubscriptions.Version version) {}

  private void poll(List<RunSubscriptions.Subscription> due) {
    var found = new HashMap<RunId, RunSubscriptions.Version>();
    jdbc.list(
            """
            SELECT r.id, r.attempt, r.status, length(r.tape) AS tape,
              coalesce((SELECT max(j.position) FROM run_journal j
                        WHERE j.thread_id = r.thread_id AND j.run_id = r.id), -1) AS journal
            FROM unnest(?::text[], ?::text[]) AS w (thread_id, run_id)
            JOIN runs r ON r.thread_id = w.thread_id AND r.id = w.run_id
            """,
            SubscriptionPoller::read,
            due.stream().map(RunSubscriptions.Subscription::thread).toList(),
            due.stream().map(RunSubscriptions.Subscription::run).toList())
        .forEach(each -> found.put(each.run(), each.version()));
    for (var watch : due) {
      var version = found.get(watch.run());
      if (version != null) {
        watches.polled(watch, version);
      } else {
        watches.wake(watch.run());
      }
    }
  }

  private static Found read(Row row) throws SQLException {
    return new Found(
        row.text("id", RunId::new),
        new RunSubscriptions.Version(
            row.integer("attempt"),
            row.enumValue("status", RunStatus.class),
            row.integer("tape"),
            row.bigint("journal")));
  }
}
