package dev.threadmill.projects.idempotency;

import dev.threadmill.api.IdempotencyContext;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The keys that requests on this node hold. Their leases are renewed until the request ends, so
 * that a key whose node crashed is free after ten seconds. Also deletes expired keys.
 */
@ApplicationScoped
class KeyLeases {
  private static final Logger LOG = Logger.getLogger(KeyLeases.class);
  private static final long RENEW_SECONDS = 3;
  private static final long SWEEP_SECONDS = 600;

  private final IdempotencyKeyStore store;
  private final ConcurrentHashMap<String, CountDownLatch> held = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("idempotency-keys").factory());

  KeyLeases(IdempotencyKeyStore store) {
    this.store = store;
  }

  void onStart(@Observes StartupEvent start) {
    timer.scheduleWithFixedDelay(
        () -> logFailure(this::renew), RENEW_SECONDS, RENEW_SECONDS, TimeUnit.SECONDS);
    timer.scheduleWithFixedDelay(
        () -> logFailure(this::sweep), 30, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  void onStop(@Observes ShutdownEvent stop) {
    timer.shutdownNow();
  }

  void register(IdempotencyContext request) {
    held.put(request.holder(), new CountDownLatch(1));
  }

  void release(IdempotencyContext request) {
    var latch = held.remove(request.holder());
    if (latch != null) {
      latch.countDown();
    }
  }

  /** Waits for this time, or until the holder releases the key if it is on this node. */
  void await(String holder, long millis) {
    try {
      var latch = held.get(holder);
      if (latch == null) {
        TimeUnit.MILLISECONDS.sleep(millis);
      } else {
        latch.await(millis, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void renew() {
    var holders = List.copyOf(held.keySet());
    if (!holders.isEmpty()) {
      store.renew(holders);
    }
  }

  void sweep() {
    boolean more;
    do {
      more = store.deleteExpired();
    } while (more);
  }

  private static void logFailure(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      LOG.warnf(
          "idempotency keys not renewed or deleted, the database is not available cause=%s",
          e.getMessage());
    }
  }
}
