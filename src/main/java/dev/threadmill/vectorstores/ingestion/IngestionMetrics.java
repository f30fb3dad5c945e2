package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.telemetry.SampledGauges;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The metrics of the queue of files of vector stores. */
@ApplicationScoped
class IngestionMetrics {
  void register(@Observes StartupEvent start, IngestionQueue queue, SampledGauges gauges) {
    gauges.register(
        "threadmill.ingestion.queue",
        "Files of vector stores that are not indexed yet",
        null,
        Tags.empty(),
        queue::waiting);
    gauges.register(
        "threadmill.ingestion.lag",
        "Age of the oldest file of a vector store that is not indexed yet",
        "seconds",
        Tags.empty(),
        queue::lagSeconds);
  }
}
