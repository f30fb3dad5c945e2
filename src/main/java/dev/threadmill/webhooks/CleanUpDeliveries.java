package dev.threadmill.webhooks;

import dev.threadmill.db.PeriodicWork;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.function.IntSupplier;

/**
 * Deletes deliveries after their retention, and those of deleted endpoints and archived projects,
 * in the background and in batches.
 */
@ApplicationScoped
class CleanUpDeliveries {
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 1_000;

  private final DeliveryStore deliveries;
  private final WebhooksConfig config;
  private PeriodicWork work;

  CleanUpDeliveries(DeliveryStore deliveries, WebhooksConfig config) {
    this.deliveries = deliveries;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.deliver()) {
      work = PeriodicWork.every("webhook-cleanup", config.cleanupInterval(), this::cleanUp);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  /** Deletes all that there is to delete. */
  void cleanUp() {
    untilDone(() -> deliveries.deleteEnded("delivered", config.history(), BATCH));
    untilDone(() -> deliveries.deleteEnded("dead", config.deadLetters(), BATCH));
    untilDone(() -> deliveries.deleteSurplusDead(config.maxQueued(), BATCH));
    deliveries.deleteEndpointsOfArchivedProjects();
    untilDone(() -> deliveries.deleteOfDeletedEndpoints(BATCH));
  }

  private void untilDone(IntSupplier batch) {
    PeriodicWork.untilDone(work, BATCH, batch);
  }
}
