package dev.threadmill.console;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Settings of the console. */
@ConfigMapping(prefix = "threadmill.console")
public interface ConsoleConfig {
  /** Whether the console is served and sessions can be opened. */
  @WithDefault("true")
  boolean enabled();

  /** How long a session lasts. It ends earlier with the key that signed in. */
  @WithDefault("12h")
  Duration sessionLifetime();
}
