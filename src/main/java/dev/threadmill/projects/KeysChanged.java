package dev.threadmill.projects;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** An API key or a project changed: cached ones are stale. */
public record KeysChanged() implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("keys_changed", KeysChanged.class);
    }
  }
}
