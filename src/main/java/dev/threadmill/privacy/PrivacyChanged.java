package dev.threadmill.privacy;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/** The privacy options of a project have changed, or keys of its vault were deleted. */
public record PrivacyChanged() implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("privacy_changed", PrivacyChanged.class);
    }
  }
}
