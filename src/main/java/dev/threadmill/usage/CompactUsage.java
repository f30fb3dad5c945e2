package dev.threadmill.usage;

import dev.threadmill.db.PeriodicWork;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.InstantSource;
import java.util.function.IntSupplier;

/** Merges and deletes usage that is older than its retention, in the background and in batches. */
@ApplicationScoped
class CompactUsage {
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 2_000;

  private final UsageStore store;
  private final StorageUsage storage;
  private final InstantSource clock;
  private final UsageConfig config;
  private PeriodicWork work;

  CompactUsage(UsageStore store, StorageUsage storage, UsageConfig config, InstantSource clock) {
    this.storage = storage;
    this.clock = clock;
    this.store = store;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.every("usage-cleanup", config.cleanupInterval(), this::compact);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  /** Merges and deletes all that is too old, and samples what vector stores have. */
  void compact() {
    storage.sample(clock.instant());
    storage.deleteOld(clock.instant(), config.retention());
    repeat(() -> store.mergeMinutes(config.minutesRetention(), BATCH));
    repeat(() -> store.deleteOldBuckets(config.retention(), BATCH));
    repeat(() -> store.deleteOldCalls(config.callsRetention(), BATCH));
  }

  private void repeat(IntSupplier batch) {
    PeriodicWork.untilDone(work, BATCH, batch);
  }
}
