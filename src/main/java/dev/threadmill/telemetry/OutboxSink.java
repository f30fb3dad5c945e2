package dev.threadmill.telemetry;

import java.util.List;

/**
 * A receiver of the outbox's events. Each bean of this type has its own position: a sink that fails
 * or is slow holds up no other. One node at a time delivers to a sink.
 */
public interface OutboxSink {
  /** The key of the sink's position, the same in every release. */
  String name();

  /** Whether the sink is to receive events. Without it they do not wait for it. */
  default boolean isEnabled() {
    return true;
  }

  /**
   * Takes the next events. Events of one thread arrive in the order in which they were written. An
   * event arrives at least once: after a failure or a change of the delivering node, the same
   * events are delivered again.
   *
   * @throws Exception if they could not be taken; they are delivered again after a pause
   */
  void deliver(List<OutboxEvent> events) throws Exception;
}
