package dev.threadmill.memory;

import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.telemetry.SampledGauges;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The metrics of the memory. */
@ApplicationScoped
class MemoryMetrics {
  void registerQueue(@Observes StartupEvent start, IndexQueue queue, SampledGauges gauges) {
    gauges.register(
        "threadmill.memory.index.lag",
        "Age of the oldest message that is due to be indexed",
        "seconds",
        Tags.empty(),
        queue::lagSeconds);
  }

  void register(@Observes StartupEvent start, MemoryIndex index, MeterRegistry meters) {
    Gauge.builder("threadmill.memory.kept.entries", index, MemoryIndex::heapEntries)
        .description("Entries of the memory's index that this node keeps in its heap")
        .register(meters);
  }
}
