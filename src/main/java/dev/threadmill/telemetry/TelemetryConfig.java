package dev.threadmill.telemetry;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of the outbox. */
@ConfigMapping(prefix = "threadmill.telemetry")
public interface TelemetryConfig {
  /** Whether this node delivers events. Tests that count statements turn it off. */
  @WithDefault("true")
  boolean outboxDispatcher();

  /** How long a node waits for further events before it delivers those that there are. */
  @WithDefault("250ms")
  Duration outboxLinger();

  /** How long a silent node keeps the sinks that it delivers to. */
  @WithDefault("10s")
  Duration outboxLease();

  /** After which time events are deleted that a sink could not take. */
  @WithDefault("1d")
  Duration outboxRetention();
}
