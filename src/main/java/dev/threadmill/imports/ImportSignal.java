package dev.threadmill.imports;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.util.Map;

/** Signals to all nodes that there are imports to work on. */
@ApplicationScoped
class ImportSignal implements SignalTypes {
  private final Signals signals;
  private final Event<Signal> local;

  ImportSignal(Signals signals, Event<Signal> local) {
    this.signals = signals;
    this.local = local;
  }

  /** There is an import to work on. */
  record ImportQueued() implements Signal {}

  @Override
  public Map<String, Class<? extends Signal>> byName() {
    return Map.of("import_queued", ImportQueued.class);
  }

  void send() {
    var signal = new ImportQueued();
    local.fire(signal);
    signals.send(signal);
  }
}
