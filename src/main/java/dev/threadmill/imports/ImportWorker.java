package dev.threadmill.imports;

import dev.threadmill.db.PeriodicWork;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.imports.ImportStore.LostImportException;
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
 * Works on imports while the server runs. Workers sleep until they are woken by a signal or until
 * the lease or the pause of an import ends.
 */
@ApplicationScoped
class ImportWorker {
  private static final Logger LOG = Logger.getLogger(ImportWorker.class);
  private static final Duration MAX_SLEEP = Duration.ofSeconds(30);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
  private static final Duration CLEANUP_INTERVAL = Duration.ofHours(1);
  private static final int BATCH = 100;
  private static final int MAX_ATTEMPTS = 8;
  private static final int RENEWALS_PER_LEASE = 3;
  private static final int BEFORE_OTHERS_STOP = 4_000;

  private final ImportStore imports;
  private final RunImport runImport;
  private final ImportsConfig config;
  private final Semaphore wakeups = new Semaphore(0);
  private final Set<ImportJob> claimed = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new ArrayList<>();
  private PeriodicWork renewal;
  private PeriodicWork cleanup;

  ImportWorker(ImportStore imports, RunImport runImport, ImportsConfig config) {
    this.imports = imports;
    this.runImport = runImport;
    this.config = config;
  }

  void start(@Observes StartupEvent event) {
    for (int i = 0; i < config.workers(); i++) {
      threads.add(Thread.ofVirtual().name("import-" + i).start(this::work));
    }
    if (config.workers() > 0) {
      renewal =
          PeriodicWork.every(
              "import-leases", config.lease().dividedBy(RENEWALS_PER_LEASE), this::renew);
      cleanup = PeriodicWork.every("import-cleanup", CLEANUP_INTERVAL, this::deleteOld);
    }
  }

  void stop(@Observes @Priority(BEFORE_OTHERS_STOP) ShutdownEvent event)
      throws InterruptedException {
    threads.forEach(Thread::interrupt);
    for (var thread : threads) {
      thread.join(Duration.ofSeconds(5));
    }
    if (renewal != null) {
      renewal.stop();
      cleanup.stop();
    }
  }

  void wake(@Observes ImportSignal.ImportQueued queued) {
    wakeups.release();
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    wakeups.release();
  }

  private void renew() {
    imports.renew(List.copyOf(claimed));
  }

  private void deleteOld() {
    PeriodicWork.untilDone(cleanup, BATCH, () -> imports.deleteOld(config.retention(), BATCH));
  }

  private void work() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        var next = imports.claim();
        if (next.isPresent()) {
          run(next.get());
        } else if (wakeups.tryAcquire(
            imports.untilNextDue(MAX_SLEEP).toMillis(), TimeUnit.MILLISECONDS)) {
          wakeups.drainPermits();
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        // nothing starts the worker again if an Error ends it
        LOG.warnf("imports=interrupted reason=%s", e);
        if (!sleep()) {
          return;
        }
      }
    }
  }

  private void run(ImportJob job) throws InterruptedException {
    claimed.add(job);
    try {
      runImport.run(job);
      LOG.infof("import completed id=%s project_id=%s", job.id(), job.project());
    } catch (LostImportException e) {
      LOG.infof("import lost or cancelled id=%s", job.id());
    } catch (ImportFailedException e) {
      failed(job, e.getMessage(), e.mayPass());
    } catch (InterruptedException e) {
      imports.postpone(job, Duration.ZERO, false);
      throw e;
    } catch (RuntimeException e) {
      if (Thread.interrupted()) {
        imports.postpone(job, Duration.ZERO, false);
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      LOG.warnf(e, "import interrupted id=%s", job.id());
      failed(job, "The server could not continue the import; its log says why.", true);
    } finally {
      claimed.remove(job);
    }
  }

  private void failed(ImportJob job, String message, boolean mayPass) {
    try {
      int attempts = imports.attempts(job);
      if (mayPass && attempts + 1 < MAX_ATTEMPTS) {
        imports.postpone(job, FIRST_PAUSE.multipliedBy(1L << attempts), true);
      } else {
        imports.end(job, ImportJob.Status.FAILED, message);
        LOG.infof("import failed id=%s reason=%s", job.id(), message);
      }
    } catch (LostImportException e) {
      LOG.infof("import lost or cancelled id=%s", job.id());
    }
  }

  private static boolean sleep() {
    try {
      Thread.sleep(FIRST_PAUSE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
