package dev.threadmill.audit;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Deletes entries of the audit log after their retention, in the background and in batches. */
@ApplicationScoped
class DeleteOldEntries {
  private static final Logger LOG = Logger.getLogger(DeleteOldEntries.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int CHAINS = 100;

  private final AuditStore store;
  private final AuditConfig config;
  private final InstantSource clock;
  private final Semaphore stopped = new Semaphore(0);
  private Thread worker;

  DeleteOldEntries(AuditStore store, AuditConfig config, InstantSource clock) {
    this.store = store;
    this.config = config;
    this.clock = clock;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      worker = Thread.ofVirtual().name("audit-cleanup").start(this::run);
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
          cleanUp();
        } catch (RuntimeException e) {
          LOG.warnf("audit entries not cleaned up cause=%s", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes all that there is to delete. */
  void cleanUp() {
    var before = clock.instant().minus(config.retention());
    cleanUp(AuditEntry.NO_PROJECT, before);
    var chains = store.chains(AuditEntry.NO_PROJECT, CHAINS);
    while (!chains.isEmpty()) {
      chains.forEach(chain -> cleanUp(chain.chain(), before));
      chains = store.chains(chains.getLast().chain(), CHAINS);
    }
  }

  private void cleanUp(String chain, Instant before) {
    while (stopped.availablePermits() == 0 && store.deleteOlder(chain, before) > 0) {
      // There may be more.
    }
  }
}
