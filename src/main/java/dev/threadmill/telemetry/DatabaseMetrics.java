package dev.threadmill.telemetry;

import dev.threadmill.db.Jdbc;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Counts what goes to the database through {@link Jdbc}, which is all that a run does there. */
@ApplicationScoped
class DatabaseMetrics {
  void register(@Observes StartupEvent start, Jdbc jdbc, MeterRegistry meters) {
    FunctionCounter.builder("threadmill.sql.statements", jdbc, Jdbc::statements)
        .description("Statements sent, a batch as one")
        .register(meters);
    FunctionCounter.builder("threadmill.sql.commits", jdbc, Jdbc::commits)
        .description("Transactions committed that may have changed something")
        .register(meters);
  }
}
