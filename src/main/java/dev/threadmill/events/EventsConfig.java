package dev.threadmill.events;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of the log of events. */
@ConfigMapping(prefix = "threadmill.events")
public interface EventsConfig {
  /** THREADMILL_EVENTS_RETENTION: how long the events of projects are kept. */
  @WithDefault("30d")
  Duration retention();

  /** THREADMILL_EVENTS_KAFKA_TOPIC: the topic of events, if there is Kafka. */
  @WithDefault("threadmill-events")
  String kafkaTopic();

  /** How often a node looks for events that are older. */
  @WithDefault("5m")
  Duration cleanupInterval();

  /** Whether this node deletes old events. Tests turn it off. */
  @WithDefault("true")
  boolean cleanup();
}
