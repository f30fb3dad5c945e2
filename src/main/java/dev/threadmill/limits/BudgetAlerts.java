package dev.threadmill.limits;

import dev.threadmill.db.Jdbc;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.telemetry.OutboxSink;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/**
 * Records an event when the share of a budget is used at which an admin wants to know: once for
 * each share, budget and period, whichever calls use it and however often events are delivered.
 */
@ApplicationScoped
class BudgetAlerts implements OutboxSink {
  private final Jdbc jdbc;
  private final AlertStore store;
  private final Outbox outbox;
  private final InstantSource clock;

  BudgetAlerts(Jdbc jdbc, AlertStore store, Outbox outbox, InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.outbox = outbox;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "budget_alerts";
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    var projects =
        events.stream()
            .filter(event -> event.type().equals(Activity.MODEL_CALL))
            .map(event -> event.project().value())
            .distinct()
            .toList();
    if (projects.isEmpty()) {
      return;
    }
    var at = clock.instant();
    jdbc.runInTransaction(
        tx -> {
          for (var alert : store.insertDue(tx, projects, at)) {
            outbox.append(tx, alert.activity(at));
          }
        });
  }
}
