package dev.threadmill.memory;

import dev.threadmill.memory.recall.IndexSearch;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Tells how much of the memory this node keeps in its heap. */
@ApplicationScoped
class MemoryMeters {
  void register(@Observes StartupEvent start, IndexSearch index, MeterRegistry meters) {
    Gauge.builder("threadmill.memory.kept.entries", index, IndexSearch::keptEntries)
        .description("Entries of the memory's index that are kept in the heap")
        .register(meters);
  }
}
