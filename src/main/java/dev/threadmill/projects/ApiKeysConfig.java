package dev.threadmill.projects;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
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

  /**
   * THREADMILL_TRUSTED_PROXIES: the addresses of reverse proxies whose {@code X-Forwarded-For} is
   * believed, as CIDR ranges separated by commas. None unless set.
   */
  Optional<String> trustedProxies();

  /**
   * Whether this node records when keys were last used. Tests that count statements turn it off.
   */
  @WithDefault("true")
  boolean recordUse();

  /** How often a node writes which keys were used. */
  @WithDefault("1m")
  Duration recordUseInterval();

  /** Whether this node deletes client tokens that expired. Tests do it when they need it. */
  @WithDefault("true")
  boolean cleanup();
}
