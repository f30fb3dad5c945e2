package dev.threadmill.runs;

import dev.threadmill.runs.node.RunsConfig;
import java.time.Duration;

/**
 * The settings of a {@link SimulatedNode}: intervals so long that only the simulation advances
 * time.
 */
final class SimulatedConfig implements RunsConfig {
  @Override
  public int concurrency() {
    return 2;
  }

  @Override
  public Duration lease() {
    return Duration.ofHours(1);
  }

  @Override
  public Duration expiry() {
    return Duration.ofMinutes(10);
  }

  @Override
  public Duration journalAfter() {
    return Duration.ofDays(1);
  }

  @Override
  public Duration sweepEvery() {
    return Duration.ofDays(1);
  }

  @Override
  public Duration drain() {
    return Duration.ZERO;
  }

  @Override
  public int maxTurns() {
    return 100;
  }

  @Override
  public int routingDepth() {
    return 1;
  }

  @Override
  public int routingRuns() {
    return 1;
  }

  @Override
  public Duration pollAfter() {
    return Duration.ofMillis(1);
  }
}
