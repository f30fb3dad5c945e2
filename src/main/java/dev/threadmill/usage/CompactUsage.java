package dev.threadmill.usage;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jboss.logging.Logger;

/** Merges and deletes usage that is older than its retention, in the background and in batches. */
@ApplicationScoped
class CompactUsage {
  private static final Logger LOG = Logger.getLogger(CompactUsage.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 2_000;

  private final UsageStore store;
  private final StorageUsage storage;
  private final InstantSource clock;
  private final UsageConfig config;
  private final Semaphore stopped = new Semaphore(0);
  private Thread worker;

  CompactUsage(UsageStore store, StorageUsage storage, UsageConfig config, InstantSource clock) {
    this.storage = storage;
    this.clock = clock;
    this.store = store;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      worker = Thread.ofVirtual().name("usage-cleanup").start(this::run);
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
          compact();
        } catch (RuntimeException e) {
          LOG.warnf("old usage not deleted cause=%s", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
    while (stopped.availablePermits() == 0 && batch.getAsInt() == BATCH) {
      // There may be more.
    }
  }
}
