package dev.threadmill.telemetry;

import io.micrometer.core.instrument.Tags;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;

/** The metrics of the outbox. */
@ApplicationScoped
class OutboxMetrics {
  void register(
      @Observes StartupEvent start,
      @All List<OutboxSink> sinks,
      OutboxStore store,
      SampledGauges gauges) {
    for (var sink : sinks) {
      if (sink.isEnabled()) {
        gauges.register(
            "threadmill.outbox.lag",
            "Age of the oldest event that a sink has not taken; up to 3 s if it has taken all",
            "seconds",
            Tags.of("sink", sink.name()),
            () -> store.lagSeconds(sink.name()));
      }
    }
  }
}
