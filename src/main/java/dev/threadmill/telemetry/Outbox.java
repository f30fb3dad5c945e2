package dev.threadmill.telemetry;

import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * The transactional outbox: an event is stored in the transaction that causes it, so that there is
 * an event for each committed change and none for a change that was rolled back. {@link OutboxSink
 * Sinks} receive it afterwards.
 */
@ApplicationScoped
public class Outbox {
  private final OutboxStore store;
  private final OutboxDispatcher dispatcher;

  Outbox(OutboxStore store, OutboxDispatcher dispatcher) {
    this.store = store;
    this.dispatcher = dispatcher;
  }

  /**
   * Stores events with the transaction. All events of a transaction are stored by one statement
   * that is sent with its last ones, so they cost no round trip. To keep the events of a thread in
   * order, the transaction holds the lock of the thread or of the run.
   */
  public void append(Tx tx, List<OutboxEvent> events) {
    if (!events.isEmpty()) {
      events.forEach(event -> store.append(tx, event));
      tx.afterCommit(dispatcher::wake);
    }
  }

  /** Stores one event, as {@link #append(Tx, List)}. */
  public void append(Tx tx, OutboxEvent event) {
    append(tx, List.of(event));
  }

  /** Stores that something happened, as {@link #append(Tx, List)}. */
  public void append(Tx tx, Activity activity) {
    append(tx, activity.toEvent());
  }
}
