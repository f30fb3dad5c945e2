package dev.threadmill.vectorstores.ingestion;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.vectorstores.IngestionSignal;
import dev.threadmill.vectorstores.VectorStore;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Waits until the files of stores are indexed. Signals shorten the wait; one may be lost. */
@ApplicationScoped
public class AwaitFiles {
  private static final Duration WITHOUT_SIGNAL = Duration.ofSeconds(1);

  private final Jdbc jdbc;
  private final Set<Semaphore> waiting = ConcurrentHashMap.newKeySet();

  AwaitFiles(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  void wake(@Observes IngestionSignal.FilesSettled settled) {
    waiting.forEach(Semaphore::release);
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    waiting.forEach(Semaphore::release);
  }

  /** Waits, at most so long. Returns whether all files are indexed or have failed. */
  public boolean await(List<VectorStore> stores, Duration atMost) throws InterruptedException {
    if (stores.isEmpty()) {
      return true;
    }
    var ids = stores.stream().map(store -> store.id().value()).toList();
    long end = System.nanoTime() + atMost.toNanos();
    var signal = new Semaphore(0);
    waiting.add(signal);
    try {
      while (isInProgress(ids)) {
        long left = Math.min(end - System.nanoTime(), WITHOUT_SIGNAL.toNanos());
        if (left <= 0) {
          return false;
        }
        signal.tryAcquire(left, TimeUnit.NANOSECONDS);
        signal.drainPermits();
      }
      return true;
    } finally {
      waiting.remove(signal);
    }
  }

  private boolean isInProgress(List<String> stores) {
    return jdbc.one(
            """
            SELECT EXISTS (SELECT 1 FROM vector_store_files
              WHERE store_id = ANY (?) AND status = 'in_progress') AS waits
            """,
            row -> row.bool("waits"),
            stores)
        .orElse(false);
  }
}
