package dev.threadmill.audit;

import dev.threadmill.db.PeriodicWork;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.time.InstantSource;

/** Deletes entries of the audit log after their retention, in the background and in batches. */
@ApplicationScoped
class DeleteOldEntries {
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int CHAINS = 100;

  private final AuditStore store;
  private final AuditConfig config;
  private final InstantSource clock;
  private PeriodicWork work;

  DeleteOldEntries(AuditStore store, AuditConfig config, InstantSource clock) {
    this.store = store;
    this.config = config;
    this.clock = clock;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.every("audit-cleanup", config.cleanupInterval(), this::cleanUp);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
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
    PeriodicWork.untilDone(work, 1, () -> store.deleteOlder(chain, before));
  }
}
