package dev.threadmill.projects;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** The keys that whoever runs the server may choose. All nodes should be given the same. */
@ConfigMapping(prefix = "threadmill.keys")
public interface ApiKeysConfig {
  /** THREADMILL_ADMIN_KEY: the admin key. Made and printed at the first start unless set. */
  Optional<String> adminKey();

  /**
   * THREADMILL_API_KEY: the default project's key. Made and printed at the first start unless set.
   */
  Optional<String> apiKey();
}
