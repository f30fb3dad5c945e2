package dev.threadmill.webhooks;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of webhooks. */
@ConfigMapping(prefix = "threadmill.webhooks")
public interface WebhooksConfig {
  /** Whether this node delivers. Tests turn it off where they step the workers. */
  @WithDefault("true")
  boolean deliver();

  /** How long an attempt may take. */
  @WithDefault("15s")
  Duration timeout();

  /** THREADMILL_WEBHOOKS_GIVE_UP_AFTER: for how long a delivery is tried again. */
  @WithDefault("3d")
  Duration giveUpAfter();

  /** The pause before the second attempt; it doubles from there. */
  @WithDefault("5s")
  Duration firstPause();

  /** The longest pause between two attempts. */
  @WithDefault("1h")
  Duration longestPause();

  /** How long a silent node keeps the endpoints that it delivers to. */
  @WithDefault("30s")
  Duration lease();

  /** Attempts at the same time for an endpoint that answers well. */
  @WithDefault("8")
  int concurrency();

  /** Connections of a node for all endpoints. */
  @WithDefault("1024")
  int connections();

  /** THREADMILL_WEBHOOKS_MAX_QUEUED: the most deliveries that wait for an endpoint. */
  @WithDefault("100000")
  int maxQueued();

  /** THREADMILL_WEBHOOKS_HISTORY: how long deliveries that arrived are listed. */
  @WithDefault("7d")
  Duration history();

  /** THREADMILL_WEBHOOKS_DEAD_LETTERS: how long deliveries that were given up are kept. */
  @WithDefault("30d")
  Duration deadLetters();

  /** How often a node deletes what is older. */
  @WithDefault("5m")
  Duration cleanupInterval();
}
