package dev.threadmill.usage;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of the counting of usage. */
@ConfigMapping(prefix = "threadmill.usage")
public interface UsageConfig {
  /** THREADMILL_USAGE_RETENTION: how long sums are kept. */
  @WithDefault("400d")
  Duration retention();

  /** THREADMILL_USAGE_CALLS_RETENTION: how long single calls are kept, with thread and run. */
  @WithDefault("14d")
  Duration callsRetention();

  /** THREADMILL_USAGE_MINUTES_RETENTION: how long sums are kept by the minute, then by the hour. */
  @WithDefault("7d")
  Duration minutesRetention();

  /** How often a node looks for older rows. */
  @WithDefault("5m")
  Duration cleanupInterval();

  /** Whether this node deletes and merges older rows. Tests turn it off. */
  @WithDefault("true")
  boolean cleanup();
}
