package dev.threadmill.runs.maintenance;

import dev.threadmill.runs.execution.Journal;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.store.RunWorkQueue;
import dev.threadmill.telemetry.SampledGauges;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The metrics of the run engine on this node, and of the queue that all nodes share. */
@ApplicationScoped
class EngineMetrics {
  private static final String SECONDS = "seconds";

  void registerNode(
      @Observes StartupEvent start, NodeLease lease, LocalRuns runs, MeterRegistry meters) {
    Gauge.builder("threadmill.runs.executing", runs, LocalRuns::size)
        .description("Runs that this node executes")
        .register(meters);
    Gauge.builder("threadmill.lease.age", lease, NodeLease::secondsSinceRenewal)
        .description("Time since this node has renewed its lease")
        .baseUnit(SECONDS)
        .register(meters);
    FunctionCounter.builder("threadmill.lease.losses", lease, NodeLease::losses)
        .description("Leases of this node that others have deleted since they had expired")
        .register(meters);
  }

  void registerWork(
      @Observes StartupEvent start, TakeOver takeOver, Journal journal, MeterRegistry meters) {
    FunctionCounter.builder("threadmill.runs.takeovers", takeOver, TakeOver::count)
        .description("Runs that this node has taken over from others")
        .register(meters);
    Gauge.builder("threadmill.journal.lag", journal, Journal::lagSeconds)
        .description("How long the oldest events wait that the journal has not written")
        .baseUnit(SECONDS)
        .register(meters);
  }

  void registerQueue(@Observes StartupEvent start, RunWorkQueue queue, SampledGauges gauges) {
    gauges.register(
        "threadmill.runs.queued",
        "Runs that any node may claim",
        null,
        Tags.empty(),
        () -> queue.state().count());
    gauges.register(
        "threadmill.runs.queue.age",
        "How long the oldest run waits that any node may claim",
        SECONDS,
        Tags.empty(),
        () -> queue.state().ageSeconds());
  }
}
