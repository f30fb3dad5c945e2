package dev.threadmill.telemetry;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** The outbox has new events: the node that delivers them looks at once. */
record OutboxAppended() implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("outbox_appended", OutboxAppended.class);
    }
  }
}
