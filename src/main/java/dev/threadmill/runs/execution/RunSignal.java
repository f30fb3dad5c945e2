package dev.threadmill.runs.execution;

import dev.threadmill.api.RunId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** Signals about runs that nodes send to each other. */
public sealed interface RunSignal extends Signal {
  /** A run waits for a node with capacity. */
  record RunQueued() implements RunSignal {}

  /** The database has more of the run. Sent only for runs with subscribers on other nodes. */
  record RunChanged(RunId run) implements RunSignal {}

  /** The sender has readers of the run: the node that executes it sends its changes. */
  record SubscriptionRequested(RunId run) implements RunSignal {}

  /** The run is marked to be cancelled: the node that executes it stops it. */
  record CancelRequested(RunId run) implements RunSignal {}

  /** A node shut down, and its runs and capacity are free. */
  record NodeLeft() implements RunSignal {}

  /** Registers the signals. */
  @ApplicationScoped
  class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of(
          "run_queued", RunQueued.class,
          "run_changed", RunChanged.class,
          "watch_requested", SubscriptionRequested.class,
          "cancel_requested", CancelRequested.class,
          "node_left", NodeLeft.class);
    }
  }
}
