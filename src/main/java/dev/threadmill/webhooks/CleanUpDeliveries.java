package dev.threadmill.webhooks;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jboss.logging.Logger;

/**
 * Deletes deliveries after their retention, and those of deleted endpoints, in the background and
 * in batches.
 */
@ApplicationScoped
class CleanUpDeliveries {
  private static final Logger LOG = Logger.getLogger(CleanUpDeliveries.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 1_000;

  private final DeliveryStore deliveries;
  private final WebhooksConfig config;
  private final Semaphore stopped = new Semaphore(0);
  private Thread worker;

  CleanUpDeliveries(DeliveryStore deliveries, WebhooksConfig config) {
    this.deliveries = deliveries;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.deliver()) {
      worker = Thread.ofVirtual().name("webhook-cleanup").start(this::run);
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
          cleanUp();
        } catch (RuntimeException e) {
          LOG.warnf("webhook deliveries not cleaned up cause=%s", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes all that there is to delete. */
  void cleanUp() {
    untilDone(() -> deliveries.deleteEnded("delivered", config.history(), BATCH));
    untilDone(() -> deliveries.deleteEnded("dead", config.deadLetters(), BATCH));
    untilDone(() -> deliveries.deleteSurplusDead(config.maxQueued(), BATCH));
    untilDone(() -> deliveries.deleteOfDeletedEndpoints(BATCH));
  }

  private void untilDone(IntSupplier batch) {
    while (stopped.availablePermits() == 0 && batch.getAsInt() >= BATCH) {
      // There may be more.
    }
  }
}
