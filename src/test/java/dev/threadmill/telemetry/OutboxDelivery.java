package dev.threadmill.telemetry;

import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;

/** Delivers to a sink in tests, where no worker of the server does. */
@ApplicationScoped
public class OutboxDelivery {
  private static final String NODE = "node_test";

  private final OutboxStore store;
  private final TelemetryConfig config;
  private final List<OutboxSink> sinks;

  OutboxDelivery(OutboxStore store, TelemetryConfig config, @All List<OutboxSink> sinks) {
    this.store = store;
    this.config = config;
    this.sinks = sinks;
  }

  /** A sink of another package. */
  public OutboxSink sink(String name) {
    return sinks.stream().filter(sink -> sink.name().equals(name)).findFirst().orElseThrow();
  }

  /** The sink receives the events from now on, if it has not received any before. */
  public void register(OutboxSink sink) {
    store.register(sink.name());
  }

  /** The sink receives the events from now on, and none of those before. */
  public void registerFromNow(OutboxSink sink) {
    store.forget(sink.name(), Duration.ZERO);
    store.register(sink.name());
  }

  /** Delivers all events that the sink has not received. */
  public void deliver(OutboxSink sink) {
    var worker = new SinkWorker(sink, store, config, NODE, () -> {});
    try {
      while (worker.step().compareTo(Duration.ofHours(1)) < 0) {
        // until nothing is left
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    store.release(sink.name(), NODE);
  }
}
