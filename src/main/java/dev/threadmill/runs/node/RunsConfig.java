package dev.threadmill.runs.node;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Configuration of the run engine. */
@ConfigMapping(prefix = "threadmill.runs")
public interface RunsConfig {
  /** How many runs this node executes at the same time; further ones wait in the queue. */
  @WithDefault("1000")
  int concurrency();

  /** How long a node keeps its runs without renewing its lease ({@code THREADMILL_LEASE}). */
  @WithDefault("5s")
  Duration lease();

  /**
   * How long after its creation a run that has not ended expires ({@code THREADMILL_RUN_EXPIRY}).
   */
  @WithDefault("10m")
  Duration expiry();

  /** How long a run streams without being journaled; most runs end before. */
  @WithDefault("250ms")
  Duration journalAfter();

  /** How often a node looks for work that no signal announced. */
  @WithDefault("1s")
  Duration sweepEvery();

  /** How long a stopping node waits for its runs to finish before it hands them over. */
  @WithDefault("10s")
  Duration drain();

  /** How many times a run may call the model before it fails as an endless loop. */
  @WithDefault("100")
  int maxTurns();

  /** How deep assistants may route messages to each other, not counting the first assistant. */
  @WithDefault("8")
  int routingDepth();

  /** How many runs one run may create below it, directly and through its children. */
  @WithDefault("200")
  int routingRuns();

  /** The interval between two polls of a run that responses suggest to SDKs. */
  @WithDefault("250ms")
  Duration pollAfter();
}
