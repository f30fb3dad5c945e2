package dev.threadmill.debuglogs;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of debug logs. */
@ConfigMapping(prefix = "threadmill.debug-logs")
public interface DebugLogsConfig {
  /** THREADMILL_DEBUG_LOGS_RETENTION: how long entries are kept before they move or go. */
  @WithDefault("7d")
  Duration retention();

  /** THREADMILL_DEBUG_LOGS_REQUEST_BYTES: the most that is stored for one request. */
  @WithDefault("8388608")
  long requestBytes();

  /** THREADMILL_DEBUG_LOGS_PROJECT_BYTES: the most that is stored for one project. */
  @WithDefault("268435456")
  long projectBytes();

  /** How often a node looks for entries that are older. */
  @WithDefault("10m")
  Duration cleanupInterval();

  /** Whether this node moves and deletes old entries. Tests turn it off. */
  @WithDefault("true")
  boolean cleanup();
}
