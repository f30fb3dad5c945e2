package dev.threadmill.events;

import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.telemetry.OutboxSink;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Adds the events of the outbox to the log, and wakes the clients that follow it. */
@ApplicationScoped
class EventLogSink implements OutboxSink {
  private final EventLogStore store;
  private final LogFollowers followers;

  EventLogSink(EventLogStore store, LogFollowers followers) {
    this.store = store;
    this.followers = followers;
  }

  @Override
  public String name() {
    return "event_log";
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    long head = store.insert(events);
    followers.logged(events.stream().map(OutboxEvent::project).distinct().toList(), head);
  }
}
