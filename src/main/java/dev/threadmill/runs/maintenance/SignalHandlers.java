package dev.threadmill.runs.maintenance;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.RunSignals;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Handles the signals of other nodes about runs. */
@ApplicationScoped
class SignalHandlers {
  private final LocalRuns localRuns;
  private final RunSignals runSignals;
  private final RunSubscriptions subscriptions;
  private final MaintenanceLoop maintenance;

  SignalHandlers(
      LocalRuns localRuns,
      RunSignals runSignals,
      RunSubscriptions subscriptions,
      MaintenanceLoop maintenance) {
    this.localRuns = localRuns;
    this.runSignals = runSignals;
    this.subscriptions = subscriptions;
    this.maintenance = maintenance;
  }

  void runQueued(@Observes RunSignal.RunQueued queued) {
    maintenance.claimSoon();
  }

  void runChanged(@Observes RunSignal.RunChanged changed) {
    subscriptions.wake(changed.run());
  }

  void cancelRequested(@Observes RunSignal.CancelRequested requested) {
    localRuns.find(requested.run()).ifPresent(live -> live.stop(LiveRun.StopReason.CANCEL));
  }

  void subscriptionRequested(@Observes RunSignal.SubscriptionRequested requested) {
    runSignals.remoteSubscriptionRequested(requested.run());
    localRuns.find(requested.run()).ifPresent(runSignals::notifyRemoteReaders);
  }

  void nodeListening(@Observes Signal.NodeListening listening) {
    subscriptions.renewAll();
  }

  void nodeLeft(@Observes RunSignal.NodeLeft left) {
    maintenance.runSoon();
  }

  void resyncRequested(@Observes Signal.ResyncRequested requested) {
    subscriptions.markAllDue();
    subscriptions.renewAll();
    maintenance.runSoon();
  }
}
