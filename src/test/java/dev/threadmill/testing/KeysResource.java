package dev.threadmill.testing;

import dev.threadmill.projects.Secret;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/** Gives the server under test keys that the tests can look up in its configuration. */
public final class KeysResource implements QuarkusTestResourceLifecycleManager {
  @Override
  public Map<String, String> start() {
    return Map.of(
        "threadmill.keys.admin-key", Secret.random().value(),
        "threadmill.keys.api-key", Secret.random().value());
  }

  @Override
  public void stop() {
    // nothing to stop
  }
}
