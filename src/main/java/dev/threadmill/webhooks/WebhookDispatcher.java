package dev.threadmill.webhooks;

import dev.threadmill.api.Ids;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Claims endpoints that have something due and starts a worker for each. It sleeps until there are
 * new deliveries or the next attempt is due, at most for a lease: the node that has an endpoint may
 * be gone.
 */
@ApplicationScoped
class WebhookDispatcher {
  private static final Logger LOG = Logger.getLogger(WebhookDispatcher.class);
  private static final int BEFORE_SIGNALS_STOP = 5_000;
  private static final int CLAIMS = 50;

  /** What is due and was not claimed is locked by another node at the moment. */
  private static final Duration SHORTEST = Duration.ofMillis(50);

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);

  private final DeliveryQueue queue;
  private final DeliveryOutcomes outcomes;
  private final SendWebhook sender;
  private final WebhooksConfig config;
  private final Signals signals;
  private final InstantSource clock;
  private final String node;
  private final Semaphore wakeups = new Semaphore(0);
  private final Map<String, EndpointWorker> workers = new ConcurrentHashMap<>();
  private volatile boolean isStopped;
  private Thread thread;

  WebhookDispatcher(
      DeliveryQueue queue,
      DeliveryOutcomes outcomes,
      SendWebhook sender,
      WebhooksConfig config,
      Signals signals,
      InstantSource clock,
      Ids ids) {
    this.queue = queue;
    this.outcomes = outcomes;
    this.sender = sender;
    this.config = config;
    this.signals = signals;
    this.clock = clock;
    this.node = ids.next("node_");
  }

  void start(@Observes StartupEvent start) {
    if (config.deliver()) {
      begin();
    }
  }

  void stop(@Observes @Priority(BEFORE_SIGNALS_STOP) ShutdownEvent stop)
      throws InterruptedException {
    end();
  }

  /** Delivers from here on. */
  void begin() {
    isStopped = false;
    thread = Thread.ofVirtual().name("webhooks").start(this::run);
  }

  /** Delivers no more, once the attempts that are under way have ended. */
  void end() throws InterruptedException {
    if (thread != null) {
      isStopped = true;
      wake();
      thread.join(config.timeout());
      thread = null;
    }
  }

  /**
   * These endpoints have something due, on all nodes. Never blocks.
   *
   * @param endpoints their ids; empty for any
   */
  void queued(Collection<String> endpoints) {
    var signal = WebhooksQueued.of(endpoints);
    wake(signal);
    signals.send(signal);
  }

  void wake(@Observes WebhooksQueued queued) {
    if (queued.endpoints().isEmpty()) {
      wakeAll();
      return;
    }
    for (var endpoint : queued.endpoints()) {
      var worker = workers.get(endpoint);
      if (worker == null) {
        wake();
      } else {
        // If it ends at this moment, its end wakes the dispatcher.
        worker.wake();
      }
    }
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    wakeAll();
  }

  private void wakeAll() {
    workers.values().forEach(EndpointWorker::wake);
    wake();
  }

  private void wake() {
    if (wakeups.availablePermits() == 0) {
      wakeups.release();
    }
  }

  private void run() {
    try {
      while (!isStopped) {
        wakeups.tryAcquire(step().toNanos(), TimeUnit.NANOSECONDS);
      }
      workers.values().forEach(EndpointWorker::stop);
      while (!workers.isEmpty()) {
        wakeups.acquire();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Claims what is due, once. After which time to look again unless woken. */
  private Duration step() {
    try {
      var claims = queue.claim(node, CLAIMS);
      claims.forEach(this::start);
      if (claims.size() == CLAIMS) {
        return Duration.ZERO;
      }
      var due = queue.untilDue().orElse(config.lease());
      if (due.compareTo(SHORTEST) < 0) {
        return SHORTEST;
      }
      return due.compareTo(config.lease()) < 0 ? due : config.lease();
    } catch (RuntimeException e) {
      LOG.warnf("webhooks not claimed cause=%s", e);
      return AFTER_FAILURE;
    }
  }

  private void start(DeliveryQueue.Claim claim) {
    var id = claim.endpoint().id();
    var worker = new EndpointWorker(claim, queue, outcomes, sender, config, clock);
    workers.put(id, worker);
    Thread.ofVirtual()
        .name("webhooks-" + id)
        .start(
            () -> {
              try {
                worker.run();
              } finally {
                workers.remove(id, worker);
                wake();
              }
            });
  }
}
