package dev.threadmill.telemetry;

import dev.threadmill.api.Ids;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Has one {@link SinkWorker} for each sink, and wakes them when there are events. */
@ApplicationScoped
class OutboxDispatcher {
  private static final int BEFORE_SIGNALS_STOP = 5_000;

  private final List<OutboxSink> sinks;
  private final OutboxStore store;
  private final TelemetryConfig config;
  private final Signals signals;
  private final String node;
  private final List<SinkWorker> workers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  OutboxDispatcher(
      @All List<OutboxSink> sinks,
      OutboxStore store,
      TelemetryConfig config,
      Signals signals,
      Ids ids) {
    this.sinks = sinks;
    this.store = store;
    this.config = config;
    this.signals = signals;
    this.node = ids.next("node_");
  }

  void start(@Observes StartupEvent start) {
    if (!config.outboxDispatcher()) {
      return;
    }
    for (var sink : sinks) {
      if (!sink.isEnabled()) {
        store.forget(sink.name(), config.outboxRetention());
        continue;
      }
      var worker =
          new SinkWorker(sink, store, config, node, () -> signals.send(new OutboxAppended()));
      workers.add(worker);
      threads.add(Thread.ofVirtual().name("outbox-" + sink.name()).start(worker));
    }
  }

  void stop(@Observes @Priority(BEFORE_SIGNALS_STOP) ShutdownEvent stop)
      throws InterruptedException {
    threads.forEach(Thread::interrupt);
    for (var thread : threads) {
      thread.join(Duration.ofSeconds(5));
    }
  }

  /** There are new events. Never blocks. */
  void wake() {
    workers.forEach(SinkWorker::wake);
  }

  void wake(@Observes OutboxAppended appended) {
    wake();
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    wake();
  }
}
