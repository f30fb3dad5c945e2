package dev.threadmill.webhooks;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** There are new deliveries: a node that has not claimed their endpoints looks at once. */
record WebhooksQueued() implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("webhooks_queued", WebhooksQueued.class);
    }
  }
}
