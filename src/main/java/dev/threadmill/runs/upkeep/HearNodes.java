package dev.threadmill.runs.upkeep;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.runs.LiveRuns;
import dev.threadmill.runs.RunSignals;
import dev.threadmill.runs.live.LiveRun;
import dev.threadmill.runs.live.Watches;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** What the engine does when other nodes tell something. */
@ApplicationScoped
class HearNodes {
  private final LiveRuns liveRuns;
  private final RunSignals runSignals;
  private final Watches watches;
  private final Sweep sweep;

  HearNodes(LiveRuns liveRuns, RunSignals runSignals, Watches watches, Sweep sweep) {
    this.liveRuns = liveRuns;
    this.runSignals = runSignals;
    this.watches = watches;
    this.sweep = sweep;
  }

  void runQueued(@Observes Signal.RunQueued queued) {
    sweep.soon();
  }

  void runChanged(@Observes Signal.RunChanged changed) {
    watches.wake(changed.run());
  }

  void cancelRequested(@Observes Signal.CancelRequested requested) {
    liveRuns.find(requested.run()).ifPresent(live -> live.stop(LiveRun.Stop.CANCEL));
  }

  void watchRequested(@Observes Signal.WatchRequested requested) {
    runSignals.watchedElsewhere(requested.run());
    liveRuns.find(requested.run()).ifPresent(runSignals::tellElsewhere);
  }

  void listening(@Observes Signal.Listening listening) {
    watches.sayAgain();
  }

  void nodeLeft(@Observes Signal.NodeLeft left) {
    sweep.allSoon();
  }

  void lookAgain(@Observes Signal.LookAgain lookAgain) {
    watches.allDue();
    watches.sayAgain();
    sweep.allSoon();
  }
}
