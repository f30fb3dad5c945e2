package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.db.signals.Signal;
import dev.threadmill.vectorstores.IngestionSignal;
import dev.threadmill.vectorstores.VectorStoresConfig;
import dev.threadmill.vectorstores.ingestion.IngestionQueue.ClaimedFile;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Indexes files while the server runs, a few at a time. Workers sleep until they are woken by a
 * signal or until the lease or the pause of a file ends.
 */
@ApplicationScoped
class IngestionWorker {
  private static final Logger LOG = Logger.getLogger(IngestionWorker.class);
  private static final Duration MAX_SLEEP = Duration.ofSeconds(30);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);
  private static final Duration MAINTENANCE_INTERVAL = Duration.ofMinutes(1);
  private static final int RENEWALS_PER_LEASE = 3;
  private static final int BEFORE_OTHERS_STOP = 4_000;

  private final IngestionQueue queue;
  private final IngestFile ingestFile;
  private final StoreMaintenance maintenance;
  private final VectorStoresConfig config;
  private final Semaphore wakeups = new Semaphore(0);
  private final Semaphore maintenanceWakeups = new Semaphore(0);
  private final Set<ClaimedFile> claimed = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new ArrayList<>();

  IngestionWorker(
      IngestionQueue queue,
      IngestFile ingestFile,
      StoreMaintenance maintenance,
      VectorStoresConfig config) {
    this.queue = queue;
    this.ingestFile = ingestFile;
    this.maintenance = maintenance;
    this.config = config;
  }

  void start(@Observes StartupEvent event) {
    if (config.workers() == 0) {
      return;
    }
    for (int i = 0; i < config.workers(); i++) {
      threads.add(Thread.ofVirtual().name("ingestion-" + i).start(this::work));
    }
    threads.add(Thread.ofVirtual().name("ingestion-leases").start(this::renewLeases));
    threads.add(Thread.ofVirtual().name("vector-store-maintenance").start(this::maintain));
  }

  void stop(@Observes @Priority(BEFORE_OTHERS_STOP) ShutdownEvent event)
      throws InterruptedException {
    threads.forEach(Thread::interrupt);
    for (var thread : threads) {
      thread.join(Duration.ofSeconds(5));
    }
  }

  /** There are files to index, or stores to delete. */
  void wake(@Observes IngestionSignal.FilesQueued queued) {
    wakeAll();
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    wakeAll();
  }

  private void wakeAll() {
    release(wakeups, config.workers());
    release(maintenanceWakeups, 1);
  }

  private static void release(Semaphore semaphore, int most) {
    int missing = most - semaphore.availablePermits();
    if (missing > 0) {
      semaphore.release(missing);
    }
  }

  private void work() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        var next = queue.claim();
        if (next.isPresent()) {
          ingest(next.get());
        } else {
          wakeups.tryAcquire(queue.untilNextDue(MAX_SLEEP).toMillis(), TimeUnit.MILLISECONDS);
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        // nothing starts the worker again if an Error ends it
        LOG.warnf("ingestion=interrupted reason=%s", e);
        if (!sleep(AFTER_FAILURE)) {
          return;
        }
      }
    }
  }

  private void ingest(ClaimedFile file) throws InterruptedException {
    claimed.add(file);
    try {
      ingestFile.ingest(file);
    } catch (InterruptedException e) {
      queue.release(file);
      throw e;
    } finally {
      claimed.remove(file);
    }
  }

  private void renewLeases() {
    while (sleep(config.lease().dividedBy(RENEWALS_PER_LEASE))) {
      try {
        queue.renew(List.copyOf(claimed));
      } catch (RuntimeException | Error e) {
        LOG.warnf("ingestion_leases=not_renewed reason=%s", e);
      }
    }
  }

  private void maintain() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        maintenance.run();
        maintenanceWakeups.tryAcquire(MAINTENANCE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        LOG.warnf("vector_store_maintenance=failed reason=%s", e);
        if (!sleep(AFTER_FAILURE)) {
          return;
        }
      }
    }
  }

  private static boolean sleep(Duration duration) {
    try {
      Thread.sleep(duration);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
