package dev.threadmill.memory;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** The worker that summarizes queued threads while the server runs. */
@ApplicationScoped
class SummaryWorker {
  private static final Logger LOG = Logger.getLogger(SummaryWorker.class);

  private final SummarizeThreads threads;
  private final MemoryConfig config;
  private final Semaphore bell = new Semaphore(0);
  private Thread thread;

  SummaryWorker(SummarizeThreads threads, MemoryConfig config) {
    this.threads = threads;
    this.config = config;
  }

  void start(@Observes StartupEvent event) {
    if (config.worker()) {
      thread = Thread.ofVirtual().name("memory-summaries").start(this::run);
    }
  }

  void stop(@Observes ShutdownEvent event) throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join(Duration.ofSeconds(5));
    }
  }

  /** Signals that a thread was queued. One that is due later is found by polling. */
  void wakeUp(Duration delay) {
    if (delay.isZero() && bell.availablePermits() == 0) {
      bell.release();
    }
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        while (threads.summarizeNext()) {
          // until no thread is due
        }
        bell.tryAcquire(config.poll().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warnf("summaries=failed reason=%s", e.getMessage());
        try {
          Thread.sleep(Duration.ofSeconds(2));
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }
}
