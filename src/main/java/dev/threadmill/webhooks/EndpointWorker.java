package dev.threadmill.webhooks;

import dev.threadmill.api.Backoff;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.webhooks.DeliveryQueue.Claim;
import dev.threadmill.webhooks.DeliveryQueue.Due;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Delivers to one endpoint while this node has it claimed and something is due. It begins with one
 * attempt at a time, doubles that while attempts succeed, and goes back to one when one fails. An
 * endpoint that {@link EndpointHealth fails} is sent one delivery after each pause.
 */
final class EndpointWorker implements Runnable {
  private static final Logger LOG = Logger.getLogger(EndpointWorker.class);

  /** How many deliveries are given up in one transaction. */
  private static final int BATCH = 1_000;

  /** How often the lease is renewed within its duration. */
  private static final int RENEWALS = 3;

  /** The pauses after the database has failed. */
  private static final Backoff RETRIES =
      new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

  private final Claim claim;
  private final DeliveryQueue queue;
  private final DeliveryOutcomes outcomes;
  private final SendWebhook sender;
  private final WebhooksConfig config;
  private final InstantSource clock;
  private final Backoff backoff;
  private final Set<String> busyLanes = ConcurrentHashMap.newKeySet();
  private final Semaphore changes = new Semaphore(0);
  private final EndpointHealth health;
  private long renewAt;
  private boolean hasGivenUp;
  private volatile int concurrency = 1;
  private final CountDownLatch stopped = new CountDownLatch(1);

  EndpointWorker(
      Claim claim,
      DeliveryQueue queue,
      DeliveryOutcomes outcomes,
      SendWebhook sender,
      WebhooksConfig config,
      InstantSource clock) {
    this.claim = claim;
    this.queue = queue;
    this.outcomes = outcomes;
    this.sender = sender;
    this.config = config;
    this.clock = clock;
    this.backoff = new Backoff(config.firstPause(), config.longestPause());
    this.health = new EndpointHealth(claim.failures(), backoff);
    this.renewAt = System.nanoTime() + config.lease().toNanos() / RENEWALS;
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
        Duration wait;
        try {
          var next = deliverDue();
          if (next.isEmpty()) {
            return;
          }
          failures = 0;
          wait = next.get();
        } catch (RuntimeException e) {
          LOG.warnf("webhooks not delivered endpoint_id=%s cause=%s", claim.endpoint().id(), e);
          if (isStopped()) {
            return;
          }
          failures++;
          stopped.await(RETRIES.delay(failures).toMillis(), TimeUnit.MILLISECONDS);
          continue;
        }
        changes.tryAcquire(Math.max(1, wait.toMillis()), TimeUnit.MILLISECONDS);
        changes.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Starts what is due.
   *
   * @return after which time to look again unless woken; empty if there is nothing to wait for, or
   *     the endpoint is lost
   */
  private Optional<Duration> deliverDue() {
    if (System.nanoTime() - renewAt >= 0) {
      if (!queue.renew(claim)) {
        return Optional.empty();
      }
      renewAt = System.nanoTime() + config.lease().toNanos() / RENEWALS;
    }
    var wait = Duration.ofNanos(renewAt - System.nanoTime());
    int room = room();
    if (room > 0) {
      var current = queue.current(claim);
      if (current.isEmpty()) {
        return Optional.empty();
      }
      int begun = current.get().isPaused() ? 0 : begin(current.get().endpoint(), room);
      if (health.isFailing() && !hasGivenUp) {
        giveUpOverdue();
      }
      if (begun < room && !busyLanes.isEmpty()) {
        var due = queue.untilDue(claim, Set.copyOf(busyLanes)).orElse(wait);
        wait = due.compareTo(wait) < 0 ? due : wait;
      }
    }
    if (busyLanes.isEmpty()) {
      queue.release(claim);
      return Optional.empty();
    }
    return Optional.of(wait);
  }

  /** How many further attempts may begin: one at a time while the endpoint fails. */
  private int room() {
    if (isStopped()) {
      return 0;
    }
    return Math.max(0, (health.isFailing() ? 1 : concurrency) - busyLanes.size());
  }

  private int begin(WebhookEndpoint endpoint, int room) {
    var all = queue.due(claim, Set.copyOf(busyLanes), room);
    for (var due : all) {
      busyLanes.add(due.lane());
      Thread.ofVirtual().name("webhook").start(() -> attempt(endpoint, due));
    }
    return all.size();
  }

  private void giveUpOverdue() {
    int count;
    do {
      count = outcomes.giveUpOverdue(claim, Set.copyOf(busyLanes), BATCH);
      if (count > 0) {
        LOG.infof("webhooks given up endpoint_id=%s count=%d", claim.endpoint().id(), count);
      }
    } while (count == BATCH && !isStopped());
    hasGivenUp = true;
  }

  private void attempt(WebhookEndpoint endpoint, Due due) {
    try {
      var at = clock.instant();
      long started = System.nanoTime();
      var outcome = sender.send(endpoint, due.event(), due.body());
      var attempt = DeliveryObject.Attempt.of(at, outcome);
      if (outcome.isDelivered()) {
        concurrency = Math.min(config.concurrency(), concurrency * 2);
        health.succeeded();
        store(due, () -> outcomes.delivered(claim, due, attempt));
      } else if (outcome.isLocal() && !due.isLast()) {
        LOG.warnf(
            "webhook not sent endpoint_id=%s delivery_id=%s cause=%s",
            claim.endpoint().id(), due.id(), outcome.error());
        store(due, () -> outcomes.postpone(claim, due, config.firstPause()));
      } else {
        concurrency = 1;
        failed(due, attempt, health.failed(started, outcome.retryAfter()));
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

  private void failed(Due due, DeliveryObject.Attempt attempt, DeliveryOutcomes.Failing failing)
      throws InterruptedException {
    if (due.isLast()) {
      LOG.infof(
          "webhook given up endpoint_id=%s delivery_id=%s attempts=%d",
          claim.endpoint().id(), due.id(), due.attempts() + 1);
      store(due, () -> outcomes.dead(claim, due, attempt, failing));
      return;
    }
    var pause = backoff.delay(due.attempts() + 1);
    store(due, () -> outcomes.failed(claim, due, attempt, pause, failing));
  }
}
