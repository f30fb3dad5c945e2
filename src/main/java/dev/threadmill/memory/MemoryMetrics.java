package dev.threadmill.memory;

import dev.threadmill.memory.recall.MemoryIndex;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The metrics of the memory. */
@ApplicationScoped
class MemoryMetrics {
  void register(@Observes StartupEvent start, MemoryIndex index, MeterRegistry meters) {
    Gauge.builder("threadmill.memory.kept.entries", index, MemoryIndex::heapEntries)
        .description("Entries of the memory's index that this node keeps in its heap")
        .register(meters);
  }
}
