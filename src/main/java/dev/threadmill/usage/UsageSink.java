package dev.threadmill.usage;

import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.telemetry.OutboxSink;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Counts the model calls and code sessions of the outbox. A call that is delivered again does not
 * count again.
 */
@ApplicationScoped
class UsageSink implements OutboxSink {
  /** The name of the sink, which statements that read what it has not received yet refer to. */
  static final String NAME = "usage";

  /** The operation of an event that is no model call. */
  static final String CODE_SESSION = "code_session";

  private final UsageStore store;

  UsageSink(UsageStore store) {
    this.store = store;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    var calls =
        events.stream()
            .filter(
                event ->
                    event.type().equals(Activity.MODEL_CALL)
                        || event.type().equals(Activity.CODE_SESSION))
            .toList();
    if (!calls.isEmpty()) {
      store.count(calls);
    }
  }
}
