package dev.threadmill.testing;

import dev.threadmill.projects.Secret;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/**
 * Gives the server under test known keys, and allows tools to connect to servers of the tests on
 * this machine, and pages of such servers to call it.
 */
public final class KeysResource implements QuarkusTestResourceLifecycleManager {
  @Override
  public Map<String, String> start() {
    return Map.of(
        "threadmill.keys.admin-key",
        Secret.random().value(),
        "threadmill.keys.api-key",
        Secret.random().value(),
        "threadmill.secrets.key",
        Secret.random().value(),
        "threadmill.egress.allow",
        "127.0.0.0/8",
        "quarkus.http.cors.enabled",
        "true",
        "quarkus.http.cors.origins",
        "/http://127\\.0\\.0\\.1:.*/");
  }

  @Override
  public void stop() {
    // Nothing is running.
  }
}
