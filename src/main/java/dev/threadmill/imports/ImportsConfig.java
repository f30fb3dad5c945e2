package dev.threadmill.imports;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The settings of imports. */
@ConfigMapping(prefix = "threadmill.imports")
public interface ImportsConfig {
  /** THREADMILL_IMPORTS_WORKERS: how many imports a node works on at a time; 0 for none. */
  @WithDefault("1")
  int workers();

  /** THREADMILL_IMPORTS_LEASE: after this time without renewal another node continues an import. */
  @WithDefault("60s")
  Duration lease();

  /** THREADMILL_IMPORTS_MAX_OBJECTS: the most objects of one import. */
  @WithDefault("5000000")
  long maxObjects();

  /** THREADMILL_IMPORTS_MAX_TIME: an import that is not done by then fails. */
  @WithDefault("24h")
  Duration maxTime();

  /**
   * THREADMILL_IMPORTS_RETENTION: how long an import that has ended is shown, with its problems.
   */
  @WithDefault("90d")
  Duration retention();

  /** THREADMILL_IMPORTS_UNFINISHED: the most imports of a project that are not done. */
  @WithDefault("5")
  int unfinished();
}
