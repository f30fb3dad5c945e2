package dev.threadmill.webhooks;

import dev.threadmill.api.Backoff;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.webhooks.DeliveryQueue.Claim;
import dev.threadmill.webhooks.DeliveryQueue.Due;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Delivers to one endpoint while this node has it claimed and something is due. It begins with one
 * attempt at a time, doubles that while attempts succeed, and goes back to one when one fails.
 */
final class EndpointWorker implements Runnable {
  private static final Logger LOG = Logger.getLogger(EndpointWorker.class);
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  /** How often the lease is renewed within its duration. */
  private static final int RENEWALS = 3;

  /** The pauses after the database has failed. */
  private static final Backoff RETRIES =
      new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

  private final Claim claim;
  private final DeliveryQueue queue;
  private final SendWebhook sender;
  private final WebhooksConfig config;
  private final InstantSource clock;
  private final Backoff backoff;
  private final Set<String> busyLanes = ConcurrentHashMap.newKeySet();
  private final Semaphore changes = new Semaphore(0);
  private volatile int concurrency = 1;
  private final CountDownLatch stopped = new CountDownLatch(1);

  EndpointWorker(
      Claim claim,
      DeliveryQueue queue,
      SendWebhook sender,
      WebhooksConfig config,
      InstantSource clock) {
    this.claim = claim;
    this.queue = queue;
    this.sender = sender;
    this.config = config;
    this.clock = clock;
    this.backoff = new Backoff(config.firstPause(), config.longestPause());
  }

  /** There may be new deliveries, or this node stops. Never blocks. */
  void wake() {
    changes.release();
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  /** Ends the worker once the attempts that are under way have ended. */
  void stop() {
    stopped.countDown();
    wake();
  }

  @Override
  public void run() {
    try {
      int failures = 0;
      while (true) {
        try {
          if (!deliverDue()) {
            return;
          }
          failures = 0;
          changes.tryAcquire(config.lease().toMillis() / RENEWALS, TimeUnit.MILLISECONDS);
          changes.drainPermits();
        } catch (RuntimeException e) {
          LOG.warnf("webhooks not delivered endpoint_id=%s cause=%s", claim.endpoint().id(), e);
          if (isStopped()) {
            return;
          }
          failures++;
          stopped.await(RETRIES.delay(failures).toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts what is due. False if there is nothing to wait for, or the endpoint is lost. */
  private boolean deliverDue() {
    int room = isStopped() ? 0 : Math.max(0, concurrency - busyLanes.size());
    var endpoint = queue.renew(claim).orElse(null);
    if (endpoint == null) {
      return false;
    }
    if (room > 0) {
      for (var due : queue.due(claim, Set.copyOf(busyLanes), room)) {
        busyLanes.add(due.lane());
        Thread.ofVirtual().name("webhook").start(() -> attempt(endpoint, due));
      }
    }
    if (busyLanes.isEmpty()) {
      queue.release(claim);
      return false;
    }
    return true;
  }

  private void attempt(WebhookEndpoint endpoint, Due due) {
    try {
      var at = clock.instant();
      var outcome = sender.send(endpoint, due.event(), due.body());
      var attempt = DeliveryObject.Attempt.of(at, outcome);
      if (outcome.isDelivered()) {
        concurrency = Math.min(config.concurrency(), concurrency * 2);
        store(due, () -> queue.delivered(claim, due, attempt));
      } else {
        concurrency = 1;
        failed(due, outcome, attempt);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      busyLanes.remove(due.lane());
      wake();
    }
  }

  /**
   * Stores what became of an attempt, as often as it takes: its lane is busy until then, so nothing
   * is sent again because the outcome is not stored. Gives up if another node has the endpoint, or
   * when this one stops.
   */
  private void store(Due due, Runnable outcome) throws InterruptedException {
    for (int retry = 1; ; retry++) {
      try {
        outcome.run();
        return;
      } catch (DatabaseException e) {
        if (e.isFenced()) {
          // Another node has the endpoint, or a try before was stored although it seemed to fail.
          LOG.infof(
              "webhook outcome not stored endpoint_id=%s delivery_id=%s",
              claim.endpoint().id(), due.id());
          stop();
          return;
        }
        notStored(due, e);
      } catch (RuntimeException e) {
        notStored(due, e);
      }
      if (stopped.await(RETRIES.delay(retry).toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    }
  }

  private void notStored(Due due, RuntimeException e) {
    LOG.warnf(
        "webhook outcome not stored, tried again endpoint_id=%s delivery_id=%s cause=%s",
        claim.endpoint().id(), due.id(), e);
  }

  private void failed(Due due, SendWebhook.Outcome outcome, DeliveryObject.Attempt attempt)
      throws InterruptedException {
    if (due.isLast()) {
      LOG.infof(
          "webhook given up endpoint_id=%s delivery_id=%s attempts=%d",
          claim.endpoint().id(), due.id(), due.attempts() + 1);
      store(due, () -> queue.dead(claim, due, attempt));
      return;
    }
    var pause = pause(due, outcome);
    store(due, () -> queue.failed(claim, due, attempt, pause));
  }

  private Duration pause(Due due, SendWebhook.Outcome outcome) {
    var pause = backoff.delay(due.attempts() + 1);
    var asked = outcome.retryAfter();
    if (asked == null || asked.compareTo(pause) <= 0) {
      return pause;
    }
    return asked.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : asked;
  }
}
