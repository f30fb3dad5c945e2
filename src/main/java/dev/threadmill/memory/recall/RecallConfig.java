package dev.threadmill.memory.recall;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** From which size on a scope is searched in which way. */
@ConfigMapping(prefix = "threadmill.memory")
public interface RecallConfig {
  /**
   * Up to this many entries, a scope of several threads is read whole. Beyond, its best entries are
   * asked for.
   */
  @WithDefault("2000")
  int readWhole();

  /** Up to this many, all vectors are compared; beyond, a graph that is searched is faster. */
  @WithDefault("15000")
  int compareAll();

  /** A scope of at least so many entries is kept in the heap while it is asked for. */
  @WithDefault("500")
  int keepFrom();

  /** How much of the heap may be kept so, in percent; 0 for nothing. */
  @WithDefault("12")
  int keepPercent();
}
