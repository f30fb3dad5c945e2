package dev.threadmill.files.extraction;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The processes that read documents: started when a document arrives, kept for the next one, and
 * ended when idle. A document that breaks its process breaks no other.
 */
@ApplicationScoped
class WorkerPool {
  private final ExtractionConfig config;
  private final Semaphore permits;
  private final ArrayDeque<Idle> idle = new ArrayDeque<>();
  private boolean closed;

  private record Idle(WorkerProcess worker) {}

  @Inject
  WorkerPool(ExtractionConfig config) {
    this.config = config;
    this.permits = new Semaphore(Math.max(1, config.processes()), true);
  }

  /** Reads a document in one of the processes; waits for one to be free. */
  WorkerProcess.Result read(Frames.Request request, Duration timeout)
      throws ExtractionException, InterruptedException {
    permits.acquire();
    try {
      var worker = take();
      try {
        return worker.read(request, timeout);
      } finally {
        giveBack(worker);
      }
    } catch (IOException e) {
      throw ExtractionException.server("No process to read the file could be started.", e);
    } finally {
      permits.release();
    }
  }

  private WorkerProcess take() throws IOException {
    synchronized (idle) {
      while (!idle.isEmpty()) {
        var worker = idle.pop().worker();
        if (worker.isUsable()) {
          return worker;
        }
        worker.close();
      }
    }
    return WorkerProcess.start(config);
  }

  private void giveBack(WorkerProcess worker) {
    boolean keep = worker.isUsable();
    if (keep) {
      var entry = new Idle(worker);
      synchronized (idle) {
        keep = !closed;
        if (keep) {
          idle.push(entry);
        }
      }
      if (keep) {
        CompletableFuture.delayedExecutor(config.idle().toMillis(), TimeUnit.MILLISECONDS)
            .execute(() -> end(entry));
        return;
      }
    }
    worker.close();
  }

  /** Ends a process unless it was used again; an entry is in the queue only until its next use. */
  private void end(Idle entry) {
    boolean unused;
    synchronized (idle) {
      unused = idle.removeIf(each -> each == entry);
    }
    if (unused) {
      entry.worker().close();
    }
  }

  @PreDestroy
  void close() {
    synchronized (idle) {
      closed = true;
      idle.forEach(entry -> entry.worker().close());
      idle.clear();
    }
  }
}
