package dev.threadmill.runs.streams;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.store.StoredRun;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Notifies a reader of a run that was handed off of changes in the runs that answer in its place,
 * each below the other, on whichever node they are executed.
 */
final class HandoffSubscriptions {
  private final LocalRuns localRuns;
  private final RunSubscriptions subscriptions;
  private final Runnable onChange;
  private final Set<RunId> followed = new HashSet<>();
  private final Map<RunId, LiveRun> live = new HashMap<>();
  private boolean closed;

  HandoffSubscriptions(LocalRuns localRuns, RunSubscriptions subscriptions, Runnable onChange) {
    this.localRuns = localRuns;
    this.subscriptions = subscriptions;
    this.onChange = onChange;
  }

  /**
   * Follows this run and the runs that it was handed off to.
   *
   * @param answering the run as it was loaded; null for none
   */
  synchronized void follow(StoredRun answering) {
    for (var each = answering; each != null && !closed; each = each.handoffTarget()) {
      var run = each.run();
      if (followed.add(run.id())) {
        subscriptions.subscribe(run.threadId(), run.id(), onChange);
        // It may have changed between the load and the subscription.
        onChange.run();
      }
      var here = localRuns.find(run.id());
      if (here.isEmpty()) {
        subscriptions.markRemote(run.id(), RunSubscriptions.Version.of(each));
      } else if (live.put(run.id(), here.get()) != here.get()) {
        // The reader reads from the database, so the events have to get there.
        here.get().events().addDatabaseReader(onChange);
        subscriptions.markLocal(run.id());
      }
    }
  }

  synchronized void close() {
    closed = true;
    followed.forEach(run -> subscriptions.unsubscribe(run, onChange));
    live.values().forEach(run -> run.events().removeDatabaseReader(onChange));
  }
}
