package dev.threadmill.db.signals;

/**
 * Something that other nodes may want to know at once. Each feature declares its own signals as
 * records and registers them with {@link SignalTypes}; handlers observe them as CDI events and must
 * not block.
 */
public interface Signal {
  /** The sender has started to receive signals, and has missed all that were sent before. */
  record NodeListening() implements Signal {}

  /** Signals may have been lost: caches are dropped and subscriptions are polled. */
  record ResyncRequested() implements Signal {}
}
