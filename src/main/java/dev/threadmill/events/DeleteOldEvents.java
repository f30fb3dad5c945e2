package dev.threadmill.events;

import dev.threadmill.db.PeriodicWork;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Deletes events that are older than their retention, in the background and in batches. */
@ApplicationScoped
class DeleteOldEvents {
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 2_000;

  private final EventLogStore store;
  private final EventsConfig config;
  private PeriodicWork work;

  DeleteOldEvents(EventLogStore store, EventsConfig config) {
    this.store = store;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.every("event-cleanup", config.cleanupInterval(), this::deleteOld);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  /** Deletes all that are too old. */
  void deleteOld() {
    PeriodicWork.untilDone(work, BATCH, () -> store.deleteOld(config.retention(), BATCH));
  }
}
