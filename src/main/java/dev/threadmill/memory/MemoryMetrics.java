package dev.threadmill.memory;

import dev.threadmill.memory.recall.MemorySearch;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Tells how much of the memory this node keeps in its heap. */
@ApplicationScoped
class MemoryMetrics {
  void register(@Observes StartupEvent start, MemorySearch index, MeterRegistry meters) {
    Gauge.builder("threadmill.memory.kept.entries", index, MemorySearch::heapEntries)
        .description("Entries of the memory's index that are kept in the heap")
        .register(meters);
  }
}
