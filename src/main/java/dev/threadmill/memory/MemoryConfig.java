package dev.threadmill.memory;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The settings of the memory. */
@ConfigMapping(prefix = "threadmill.memory")
public interface MemoryConfig {
  /** Whether this node works on the queues. Tests switch it off to look at what waits. */
  @WithDefault("true")
  boolean worker();

  /** How often the queue is looked at when nobody has told of new messages. */
  @WithDefault("1s")
  Duration poll();

  /** The most messages that are indexed in one transaction. */
  @WithDefault("32")
  int batch();

  /** The longest wait before work that failed is tried again. */
  @WithDefault("5m")
  Duration longestBackoff();

  /** How long a reader of a thread's memory waits for messages that were posted just now. */
  @WithDefault("8s")
  Duration patience();

  /** The longest that a run waits for its memories; then it goes on without. */
  @WithDefault("250ms")
  Duration recallTimeout();

  /** The longest that a run waits for its question's vector; then words alone find memories. */
  @WithDefault("150ms")
  Duration vectorTimeout();

  /** THREADMILL_SUMMARY_MODEL: a cheaper model for summaries; the run's own if it is not set. */
  Optional<String> summaryModel();

  /** How long after a run a thread is reflected upon, so that a quick exchange costs one call. */
  @WithDefault("3s")
  Duration reflectAfter();

  /** The most tokens of messages that are summed up in one call. */
  @WithDefault("6000")
  int summaryInput();

  /** How many memories a run is given at most. */
  @WithDefault("8")
  int recalled();

  /** The least score of a memory that a run is given. */
  @WithDefault("0.001")
  double leastScore();
}
