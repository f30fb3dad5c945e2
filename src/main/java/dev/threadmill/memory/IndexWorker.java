package dev.threadmill.memory;

import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.models.embeddings.EmbeddingsClosedException;
import dev.threadmill.search.TermAnalyzer;
import dev.threadmill.threads.MessagesAdded;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The worker that indexes queued messages while the server runs: right after a signal, else at a
 * polling interval. When the queue is empty it maintains the index, and on an idle machine it
 * embeds messages whose vectors nothing has asked for.
 */
@ApplicationScoped
class IndexWorker {
  private static final Logger LOG = Logger.getLogger(IndexWorker.class);
  private static final Duration MAINTENANCE_INTERVAL = Duration.ofMinutes(1);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

  private final IndexMessages messages;
  private final Reembed reembed;
  private final Reanalyze reanalyze;
  private final Retention retention;
  private final MemoryIndex index;
  private final MemoryConfig config;
  private final InstantSource clock;
  private final VectorRequests requests;
  private final ProcessorUse processors;
  private final Semaphore signal = new Semaphore(0);
  private Instant nextMaintenance = Instant.MIN;
  private Thread thread;

  IndexWorker(
      IndexMessages messages,
      Reembed reembed,
      Reanalyze reanalyze,
      Retention retention,
      MemoryIndex index,
      VectorRequests requests,
      MemoryConfig config,
      InstantSource clock) {
    this.messages = messages;
    this.reembed = reembed;
    this.reanalyze = reanalyze;
    this.retention = retention;
    this.index = index;
    this.requests = requests;
    this.processors = new ProcessorUse(config.processorShare(), ProcessorUse.ofThisMachine());
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
    wakeUp();
  }

  /** Signals that vectors are asked for. */
  void wakeUp(@Observes VectorRequests.Added added) {
    wakeUp();
  }

  private void wakeUp() {
    if (signal.availablePermits() == 0) {
      signal.release();
    }
  }

  private void run() {
    // Loading the model takes longer than a run waits for its recall.
    messages.warmUp();
    while (!Thread.currentThread().isInterrupted()) {
      try {
        boolean hasRequests = requests.handle(messages::request);
        boolean hasWorked = work(messages::indexNextBatch);
        if (hasRequests || hasWorked || maintain()) {
          continue;
        }
        if (processors.isIdle() && work(messages::embedDeferred)) {
          continue;
        }
        signal.tryAcquire(config.poll().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      } catch (EmbeddingsClosedException e) {
        LOG.debug("memory_index=stopped");
        return;
      } catch (RuntimeException e) {
        LOG.warnf("memory_index=failed reason=%s", e.getMessage());
        if (!waitAfterFailure()) {
          return;
        }
      }
    }
  }

  private interface Batch {
    int index() throws InterruptedException;
  }

  /** Works on one batch. Returns whether there was any work. */
  private boolean work(Batch batch) throws InterruptedException {
    long startedAt = System.nanoTime();
    if (batch.index() == 0) {
      return false;
    }
    processors.pauseAfter(System.nanoTime() - startedAt);
    return true;
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
