package dev.threadmill.memory;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The settings of the memory. */
@ConfigMapping(prefix = "threadmill.memory")
public interface MemoryConfig {
  /** Whether this node works on the queues. Tests disable it to inspect the queues. */
  @WithDefault("true")
  boolean worker();

  /** The polling interval of the queues without a signal. */
  @WithDefault("1s")
  Duration poll();

  /** The most messages that are indexed in one transaction. */
  @WithDefault("32")
  int batch();

  /**
   * THREADMILL_MEMORY_PROCESSOR_SHARE: the most of all processors that indexing in the background
   * takes, 0.01 to 1.
   */
  @WithDefault("0.5")
  double processorShare();

  /** The longest delay before failed work is retried. */
  @WithDefault("5m")
  Duration longestBackoff();

  /** How long a request for the memory of a thread waits for queued messages to be indexed. */
  @WithDefault("8s")
  Duration patience();

  /** The timeout of recall for a run, which then continues without passages. */
  @WithDefault("250ms")
  Duration recallTimeout();

  /** The timeout for embedding a run's query; after it, words alone find passages. */
  @WithDefault("150ms")
  Duration vectorTimeout();

  /** THREADMILL_SUMMARY_MODEL: a cheaper model for summaries; the run's own if it is not set. */
  Optional<String> summaryModel();

  /** The delay of reflection after a run, so that several runs in a row cost one call. */
  @WithDefault("3s")
  Duration reflectAfter();

  /** The most tokens of messages that are summarized in one call. */
  @WithDefault("6000")
  int summaryInput();

  /** The most passages that a run receives. */
  @WithDefault("8")
  int recalled();

  /** The least score of a passage that a run receives. */
  @WithDefault("0.001")
  double leastScore();
}
