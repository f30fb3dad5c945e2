package dev.threadmill.memory;

import dev.threadmill.threads.MessagesAdded;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Works on the queue of messages as long as the server runs: at once when told, else by looking.
 */
@ApplicationScoped
class IndexLoop {
  private static final Logger LOG = Logger.getLogger(IndexLoop.class);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

  private final IndexMessages messages;
  private final MemoryConfig config;
  private final Semaphore bell = new Semaphore(0);
  private Thread thread;

  IndexLoop(IndexMessages messages, MemoryConfig config) {
    this.messages = messages;
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
  void ring(@Observes MessagesAdded added) {
    if (bell.availablePermits() == 0) {
      bell.release();
    }
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        while (messages.next() > 0) {
          // goes on
        }
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

  private static boolean waitAfterFailure() {
    try {
      Thread.sleep(AFTER_FAILURE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
