package dev.threadmill.memory;

import com.sun.management.OperatingSystemMXBean;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.threads.MessagesAdded;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The worker that indexes queued messages while the server runs: right after a signal, else at a
 * polling interval. When the queue is empty it maintains the index.
 */
@ApplicationScoped
class IndexWorker {
  private static final Logger LOG = Logger.getLogger(IndexWorker.class);
  private static final Duration MAINTENANCE_INTERVAL = Duration.ofMinutes(1);
  private static final Duration MAX_PAUSE = Duration.ofMillis(500);
  private static final double BUSY = 0.8;
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

  private final IndexMessages messages;
  private final Reembed reembed;
  private final Reanalyze reanalyze;
  private final Retention retention;
  private final MemoryIndex index;
  private final MemoryConfig config;
  private final InstantSource clock;
  private final OperatingSystemMXBean machine =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final Semaphore signal = new Semaphore(0);
  private Instant nextMaintenance = Instant.MIN;
  private Thread thread;

  IndexWorker(
      IndexMessages messages,
      Reembed reembed,
      Reanalyze reanalyze,
      Retention retention,
      MemoryIndex index,
      MemoryConfig config,
      InstantSource clock) {
    this.messages = messages;
    this.reembed = reembed;
    this.reanalyze = reanalyze;
    this.retention = retention;
    this.index = index;
    this.config = config;
    this.clock = clock;
  }

  void start(@Observes StartupEvent event) {
    // Loading the analyzer takes longer than a run waits for its recall, so the first run finds it
    // loaded.
    TermAnalyzer.queryTerms("ready");
    if (config.worker()) {
      thread = Thread.ofVirtual().name("memory-index").start(this::run);
    }
  }

  void stop(@Observes ShutdownEvent event) throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join(Duration.ofSeconds(5));
    }
  }

  /** Signals that messages were queued. */
  void wakeUp(@Observes MessagesAdded added) {
    if (signal.availablePermits() == 0) {
      signal.release();
    }
  }

  private void run() {
    // Loading the model takes longer than a run waits for its recall.
    messages.warmUp();
    while (!Thread.currentThread().isInterrupted()) {
      try {
        boolean hasWorked;
        do {
          long startedAt = System.nanoTime();
          hasWorked = messages.indexNextBatch() > 0;
          if (hasWorked) {
            yieldToRuns(System.nanoTime() - startedAt);
          }
        } while (hasWorked || maintain());
        signal.tryAcquire(config.poll().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warnf("memory_index=failed reason=%s", e.getMessage());
        if (!waitAfterFailure()) {
          return;
        }
      }
    }
  }

  /** On a busy machine indexing takes at most a third of the time, so that runs come first. */
  private void yieldToRuns(long nanos) throws InterruptedException {
    if (machine.getCpuLoad() > BUSY) {
      Thread.sleep(Duration.ofNanos(Math.min(2 * nanos, MAX_PAUSE.toNanos())));
    }
  }

  /** Once a minute, while the queue is empty. Returns whether there is more to do at once. */
  private boolean maintain() {
    if (clock.instant().isBefore(nextMaintenance)) {
      return false;
    }
    retention.sweep();
    index.maintain();
    boolean hasMore = reembed.enqueueBatch() > 0 | reanalyze.nextBatch() > 0;
    nextMaintenance = hasMore ? clock.instant() : clock.instant().plus(MAINTENANCE_INTERVAL);
    return hasMore;
  }

  private static boolean waitAfterFailure() {
    try {
      Thread.sleep(AFTER_FAILURE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
