package dev.threadmill.runs;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Settings of the run engine. */
@ConfigMapping(prefix = "threadmill.runs")
public interface RunsConfig {
  /** How many runs this node executes at the same time; further ones wait in the queue. */
  @WithDefault("1000")
  int concurrency();

  /** How long a node that is not heard of keeps its runs ({@code THREADMILL_LEASE}). */
  @WithDefault("5s")
  Duration lease();

  /** How long a run streams without being journaled; most runs are over by then. */
  @WithDefault("250ms")
  Duration journalAfter();

  /** How often a node looks for work that no signal has told it of. */
  @WithDefault("1s")
  Duration sweepEvery();

  /** How long a stopping node lets its runs finish before it hands them over. */
  @WithDefault("10s")
  Duration drain();

  /** How often a run may call the model before it is stopped as a loop without end. */
  @WithDefault("100")
  int maxTurns();

  /** How many assistants may ask each other one below the other, not counting the first. */
  @WithDefault("8")
  int routingDepth();

  /** How many runs one run may lead to below it, by all assistants together. */
  @WithDefault("200")
  int routingRuns();

  /** What SDKs are told to wait between two polls of a run. */
  @WithDefault("250ms")
  Duration pollAfter();
}
