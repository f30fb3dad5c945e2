package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/**
 * A client token was refreshed or revoked. Apart from {@link KeysChanged}, since many tokens do.
 */
public record ClientTokenChanged(ApiKeyId token) implements Signal {
  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("client_token_changed", ClientTokenChanged.class);
    }
  }
}
