package dev.threadmill.runs.streams;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.store.StoredRun;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Has a reader of a run that has handed over hear of the runs that answer in its place, one below
 * the other, wherever they are executed.
 */
final class HandoffSubscriptions {
  private final LocalRuns liveRuns;
  private final RunSubscriptions watches;
  private final Runnable onChange;
  private final Set<RunId> watched = new HashSet<>();
  private final Map<RunId, LiveRun> live = new HashMap<>();
  private boolean closed;

  HandoffSubscriptions(LocalRuns liveRuns, RunSubscriptions watches, Runnable onChange) {
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.onChange = onChange;
  }

  /**
   * Follows this run and those that it has handed over to.
   *
   * @param answering as it was when the reader looked; null for none
   */
  synchronized void follow(StoredRun answering) {
    for (var each = answering; each != null && !closed; each = each.handoffTarget()) {
      var run = each.run();
      if (watched.add(run.id())) {
        watches.subscribe(run.threadId(), run.id(), onChange);
        // It may have moved between the look and the watch.
        onChange.run();
      }
      var here = liveRuns.find(run.id());
      if (here.isEmpty()) {
        watches.markRemote(run.id(), RunSubscriptions.Version.of(each));
      } else if (live.put(run.id(), here.get()) != here.get()) {
        // The reader reads what is in the database, so it has to get there.
        here.get().events().addReader(onChange, () -> Integer.MAX_VALUE);
        here.get().events().startJournaling();
        watches.markLocal(run.id());
      }
    }
  }

  synchronized void close() {
    closed = true;
    watched.forEach(run -> watches.unsubscribe(run, onChange));
    live.values().forEach(run -> run.events().removeReader(onChange));
  }
}
