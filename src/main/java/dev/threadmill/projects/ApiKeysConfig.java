package dev.threadmill.projects;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** API keys that the operator configures. All nodes should have the same. */
@ConfigMapping(prefix = "threadmill.keys")
public interface ApiKeysConfig {
  /** THREADMILL_ADMIN_KEY: the admin key. Generated and printed at the first start unless set. */
  Optional<String> adminKey();

  /**
   * THREADMILL_API_KEY: the default project's key. Generated and printed at the first start unless
   * set.
   */
  Optional<String> apiKey();
}
