package dev.threadmill.runs.recovery;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.RunSignals;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.runs.execution.RunSubscriptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** What the engine does when other nodes tell something. */
@ApplicationScoped
class SignalHandlers {
  private final LocalRuns liveRuns;
  private final RunSignals runSignals;
  private final RunSubscriptions watches;
  private final MaintenanceLoop sweep;

  SignalHandlers(
      LocalRuns liveRuns, RunSignals runSignals, RunSubscriptions watches, MaintenanceLoop sweep) {
    this.liveRuns = liveRuns;
    this.runSignals = runSignals;
    this.watches = watches;
    this.sweep = sweep;
  }

  void runQueued(@Observes RunSignal.RunQueued queued) {
    sweep.claimSoon();
  }

  void runChanged(@Observes RunSignal.RunChanged changed) {
    watches.wake(changed.run());
  }

  void cancelRequested(@Observes RunSignal.CancelRequested requested) {
    liveRuns.find(requested.run()).ifPresent(live -> live.stop(LiveRun.StopReason.CANCEL));
  }

  void watchRequested(@Observes RunSignal.SubscriptionRequested requested) {
    runSignals.remoteSubscriptionRequested(requested.run());
    liveRuns.find(requested.run()).ifPresent(runSignals::notifyRemoteReaders);
  }

  void listening(@Observes Signal.NodeListening listening) {
    watches.renewAll();
  }

  void nodeLeft(@Observes RunSignal.NodeLeft left) {
    sweep.runSoon();
  }

  void lookAgain(@Observes Signal.ResyncRequested lookAgain) {
    watches.markAllDue();
    watches.renewAll();
    sweep.runSoon();
  }
}
