package dev.threadmill.protocols.responses;

import dev.threadmill.runs.api.RunClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Deletes responses that are not stored and whose node has stopped before it could. A node deletes
 * its own as soon as they end.
 */
@ApplicationScoped
class UnstoredCleanup {
  private static final Logger LOG = Logger.getLogger(UnstoredCleanup.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration GRACE = Duration.ofMinutes(2);

  private final ResponseStore store;
  private final RunClient runs;
  private final DeleteResponse deleteResponse;
  private final InstantSource clock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("response cleanup").factory());

  UnstoredCleanup(
      ResponseStore store, RunClient runs, DeleteResponse deleteResponse, InstantSource clock) {
    this.store = store;
    this.runs = runs;
    this.deleteResponse = deleteResponse;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent start) {
    timer.scheduleWithFixedDelay(
        this::run, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  void onStop(@Observes ShutdownEvent stop) {
    timer.shutdownNow();
  }

  /** Deletes those that ended a while ago. */
  void run() {
    try {
      for (var response : store.unstoredBefore(clock.instant().minus(GRACE))) {
        var run = runs.find(response.project(), response.thread(), response.run());
        if (run.isEmpty() || run.get().snapshot().isPausedOrEnded()) {
          deleteResponse.delete(response);
        }
      }
    } catch (RuntimeException e) {
      LOG.warnf("unstored responses were not deleted cause=%s", e);
    }
  }
}
