package dev.threadmill.events;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes events that are older than their retention, in the background and in batches. */
@ApplicationScoped
class DeleteOldEvents {
  private static final Logger LOG = Logger.getLogger(DeleteOldEvents.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 2_000;

  private final EventLogStore store;
  private final EventsConfig config;
  private final Semaphore stopped = new Semaphore(0);
  private Thread worker;

  DeleteOldEvents(EventLogStore store, EventsConfig config) {
    this.store = store;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      worker = Thread.ofVirtual().name("event-cleanup").start(this::run);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (worker != null) {
      stopped.release();
      worker.join(Duration.ofSeconds(5));
    }
  }

  private void run() {
    try {
      while (!stopped.tryAcquire(config.cleanupInterval().toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          deleteOld();
        } catch (RuntimeException e) {
          LOG.warnf("old events not deleted cause=%s", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes all that are too old. */
  void deleteOld() {
    while (stopped.availablePermits() == 0 && store.deleteOld(config.retention(), BATCH) == BATCH) {
      // There may be more.
    }
  }
}
