package dev.threadmill.webhooks;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Endpoints have something due: the node that has claimed one delivers, and the others look whether
 * they can claim it.
 *
 * @param endpoints their ids; empty for any
 */
record WebhooksQueued(List<String> endpoints) implements Signal {
  /** The most endpoints that a signal names. */
  private static final int MAX_NAMED = 50;

  WebhooksQueued {
    endpoints = List.copyOf(endpoints);
  }

  static WebhooksQueued of(Collection<String> endpoints) {
    return new WebhooksQueued(
        endpoints.size() > MAX_NAMED ? List.of() : endpoints.stream().distinct().toList());
  }

  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("webhooks_queued", WebhooksQueued.class);
    }
  }
}
