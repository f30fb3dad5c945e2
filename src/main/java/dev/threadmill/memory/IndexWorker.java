package dev.threadmill.memory;

import com.sun.management.OperatingSystemMXBean;
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
 * Works on the queue of messages as long as the server runs: at once when told, else by looking.
 */
@ApplicationScoped
class IndexWorker {
  private static final Logger LOG = Logger.getLogger(IndexWorker.class);
  private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);
  private static final double BUSY = 0.8;
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

  private final IndexMessages messages;
  private final Reembed reembed;
  private final Retention retention;
  private final IndexTombstones losses;
  private final MemoryConfig config;
  private final InstantSource clock;
  private final OperatingSystemMXBean machine =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final Semaphore bell = new Semaphore(0);
  private Instant nextLook = Instant.MIN;
  private Thread thread;

  IndexWorker(
      IndexMessages messages,
      Reembed reembed,
      Retention retention,
      IndexTombstones losses,
      MemoryConfig config,
      InstantSource clock) {
    this.retention = retention;
    this.losses = losses;
    this.messages = messages;
    this.reembed = reembed;
    this.clock = clock;
    this.config = config;
  }

  void start(@Observes StartupEvent event) {
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

  /** Cheap; may be told too often. */
  void wakeUp(@Observes MessagesAdded added) {
    if (bell.availablePermits() == 0) {
      bell.release();
    }
  }

  private void run() {
    // Or the first run after a start would wait in vain for its memories.
    messages.prepare();
    while (!Thread.currentThread().isInterrupted()) {
      try {
        boolean worked;
        do {
          long began = System.nanoTime();
          worked = messages.indexNextBatch() > 0;
          if (worked) {
            giveWay(System.nanoTime() - began);
          }
        } while (worked || renew());
        bell.tryAcquire(config.poll().toMillis(), TimeUnit.MILLISECONDS);
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

  /** On a busy machine the runs come first: then this takes but a third of its time. */
  private void giveWay(long nanos) throws InterruptedException {
    if (machine.getCpuLoad() > BUSY) {
      Thread.sleep(Duration.ofNanos(Math.min(2 * nanos, LONGEST_PAUSE.toNanos())));
    }
  }

  /**
   * Once a minute, when nothing new waits: whether texts of an outdated model are to be embedded.
   */
  private boolean renew() {
    if (clock.instant().isBefore(nextLook)) {
      return false;
    }
    retention.sweep();
    losses.sweep();
    reembed.createVectorIndex();
    boolean more = reembed.enqueueBatch() > 0;
    nextLook = more ? clock.instant() : clock.instant().plus(BETWEEN_LOOKS);
    return more;
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
