package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** The limits of a project changed: cached ones are stale. */
record LimitsChanged(ProjectId project) implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("limits_changed", LimitsChanged.class);
    }
  }
}
