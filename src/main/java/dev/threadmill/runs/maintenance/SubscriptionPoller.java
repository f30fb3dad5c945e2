package dev.threadmill.runs.maintenance;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;

/**
 * Polls the runs that are read on this node and executed on others, in case a signal was lost: one
 * statement for up to {@value #MAX_BATCH} of them, however many readers they have.
 */
@ApplicationScoped
public class SubscriptionPoller {
  private static final int MAX_BATCH = 2_000;

  private final RunStore runs;
  private final RunSubscriptions subscriptions;
  private long renewedAt = System.nanoTime();

  public SubscriptionPoller(RunStore runs, RunSubscriptions subscriptions) {
    this.runs = runs;
    this.subscriptions = subscriptions;
  }

  /** Polls the subscriptions that are due, and renews all of them from time to time. */
  void poll() {
    var due = subscriptions.due();
    for (int from = 0; from < due.size(); from += MAX_BATCH) {
      poll(due.subList(from, Math.min(from + MAX_BATCH, due.size())));
    }
    if (System.nanoTime() - renewedAt > RunSubscriptions.RENEWAL_INTERVAL.toNanos()) {
      renewedAt = System.nanoTime();
      subscriptions.renewAll();
    }
  }

  private void poll(List<RunSubscriptions.Subscription> due) {
    var versions = new HashMap<RunId, RunSubscriptions.Version>();
    runs.versions(due.stream().map(each -> new RunKey(each.thread(), each.run())).toList())
        .forEach(
            found ->
                versions.put(
                    found.run(),
                    new RunSubscriptions.Version(
                        found.attempt(),
                        found.status(),
                        found.logLength(),
                        found.journalPosition())));
    for (var subscription : due) {
      var version = versions.get(subscription.run());
      if (version != null) {
        subscriptions.polled(subscription, version);
      } else {
        subscriptions.wake(subscription.run());
      }
    }
  }
}
