package dev.threadmill.protocols.responses;

import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunSnapshot;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Deletes responses that are not stored if their node has stopped before it deleted them. A node
 * deletes its own as soon as they end.
 */
@ApplicationScoped
class UnstoredCleanup {
  private static final Logger LOG = Logger.getLogger(UnstoredCleanup.class);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration GRACE = Duration.ofMinutes(2);
  private static final int PAGE = 100;

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

  /**
   * Deletes those whose run ended a while ago: a request may wait for the end on another node, or
   * still read the events. A run that waits for outputs expires first.
   */
  void run() {
    var until = clock.instant().minus(GRACE);
    try {
      StoredResponse last = null;
      do {
        var page = store.unstoredBefore(until, last, PAGE);
        page.forEach(response -> deleteIfEnded(response, until));
        last = page.size() < PAGE ? null : page.getLast();
      } while (last != null);
    } catch (RuntimeException e) {
      LOG.warnf("unstored responses were not read cause=%s", e);
    }
  }

  private void deleteIfEnded(StoredResponse response, Instant until) {
    try {
      var run = runs.find(response.project(), response.thread(), response.run());
      if (run.isEmpty() || hasEndedBefore(run.get().snapshot(), until)) {
        deleteResponse.delete(response);
      }
    } catch (RuntimeException e) {
      LOG.warnf("unstored response was not deleted response_id=%s cause=%s", response.id(), e);
    }
  }

  private static boolean hasEndedBefore(RunSnapshot run, Instant until) {
    return run.status().isTerminal() && run.statusSince().isBefore(until);
  }
}
