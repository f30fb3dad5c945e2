package dev.threadmill.vectorstores;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.util.Map;

/** Signals to all nodes that files were added to vector stores, or that stores were deleted. */
@ApplicationScoped
public class IngestionSignal implements SignalTypes {
  private final Signals signals;
  private final Event<Signal> local;

  IngestionSignal(Signals signals, Event<Signal> local) {
    this.signals = signals;
    this.local = local;
  }

  /** There is work for the ingestion. */
  public record FilesQueued() implements Signal {}

  /** The state of files of these stores has changed. */
  public record FilesSettled(String store) implements Signal {}

  @Override
  public Map<String, Class<? extends Signal>> byName() {
    return Map.of(
        "vector_store_files_queued", FilesQueued.class,
        "vector_store_files_settled", FilesSettled.class);
  }

  /** Wakes the ingestion of all nodes. */
  public void send() {
    sendToAll(new FilesQueued());
  }

  /** Wakes what waits for the files of a store. */
  public void sendSettled(String store) {
    sendToAll(new FilesSettled(store));
  }

  private void sendToAll(Signal signal) {
    local.fire(signal);
    signals.send(signal);
  }
}
