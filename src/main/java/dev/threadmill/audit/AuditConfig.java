package dev.threadmill.audit;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of the audit log. */
@ConfigMapping(prefix = "threadmill.audit")
public interface AuditConfig {
  /** How long entries are kept. */
  @WithDefault("400d")
  Duration retention();

  /** How often a node deletes entries that are older. */
  @WithDefault("6h")
  Duration cleanupInterval();

  /** Whether this node deletes old entries. Tests do it when they need it. */
  @WithDefault("true")
  boolean cleanup();
}
