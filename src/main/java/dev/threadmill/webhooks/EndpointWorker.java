package dev.threadmill.webhooks;

import dev.threadmill.api.Backoff;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.webhooks.DeliveryQueue.Claim;
import dev.threadmill.webhooks.DeliveryQueue.Due;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

  private final Claim claim;
  private final DeliveryQueue queue;
  private final SendWebhook sender;
  private final WebhooksConfig config;
  private final InstantSource clock;
  private final Backoff backoff;
  private final Set<String> busyLanes = ConcurrentHashMap.newKeySet();
  private final Semaphore changes = new Semaphore(0);
  private volatile int concurrency = 1;
  private volatile boolean isStopped;

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

  /** Ends the worker once the attempts that are under way have ended. */
  void stop() {
    isStopped = true;
    wake();
  }

  @Override
  public void run() {
    try {
      while (deliverDue()) {
        changes.tryAcquire(config.lease().toMillis() / RENEWALS, TimeUnit.MILLISECONDS);
        changes.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.warnf("webhooks not delivered endpoint_id=%s cause=%s", claim.endpoint().id(), e);
    }
  }

  /** Starts what is due. False if there is nothing to wait for, or the endpoint is lost. */
  private boolean deliverDue() {
    int room = isStopped ? 0 : Math.max(0, concurrency - busyLanes.size());
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
        queue.delivered(claim, due, attempt);
      } else {
        concurrency = 1;
        failed(due, outcome, attempt);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DatabaseException e) {
      // What was sent is sent again: by the node that has the endpoint now, or after the lease.
      isStopped = true;
      LOG.infof(
          "delivery not recorded endpoint_id=%s delivery_id=%s cause=%s",
          claim.endpoint().id(), due.id(), e.getMessage());
    } finally {
      busyLanes.remove(due.lane());
      wake();
    }
  }

  private void failed(Due due, SendWebhook.Outcome outcome, DeliveryObject.Attempt attempt) {
    if (due.isLast()) {
      LOG.infof(
          "webhook given up endpoint_id=%s delivery_id=%s attempts=%d",
          claim.endpoint().id(), due.id(), due.attempts() + 1);
      queue.dead(claim, due, attempt);
      return;
    }
    var pause = backoff.delay(due.attempts() + 1);
    var asked = outcome.retryAfter();
    if (asked != null && asked.compareTo(pause) > 0) {
      pause = asked.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : asked;
    }
    queue.failed(claim, due, attempt, pause);
  }
}
