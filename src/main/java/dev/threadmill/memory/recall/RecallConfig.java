package dev.threadmill.memory.recall;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** The sizes at which scopes are searched in another way. */
@ConfigMapping(prefix = "threadmill.memory")
public interface RecallConfig {
  /**
   * A scope of several threads is read whole up to this many entries. Of a larger one the best
   * entries are searched for.
   */
  @WithDefault("2000")
  int readWhole();

  /** Up to this many entries, all vectors are compared; beyond, the HNSW graph is searched. */
  @WithDefault("15000")
  int compareAll();

  /** A scope of at least this many entries is kept in the heap while it is searched repeatedly. */
  @WithDefault("500")
  int keepFrom();

  /** The share of the heap for that, in percent; 0 for none. */
  @WithDefault("12")
  int keepPercent();
}
