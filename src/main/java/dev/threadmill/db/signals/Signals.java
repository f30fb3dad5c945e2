package dev.threadmill.db.signals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.reactive.messaging.Channel;
import org.eclipse.microprofile.reactive.messaging.Emitter;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.OnOverflow;
import org.jboss.logging.Logger;

/**
 * Exchanges signals with the other nodes. Equal signals that wait together go out once, and all
 * that wait go out together, at most every ten milliseconds. A single node sends nothing.
 */
@ApplicationScoped
public class Signals {
  private static final Logger LOG = Logger.getLogger(Signals.class);

  private static final Duration BATCH_INTERVAL = Duration.ofMillis(10);
  private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  /** The first connection to a broker may take longer than one delivery. */
  private static final int FAILURES_BEFORE_WARNING = 2;

  private static final int MAX_PENDING = 20_000;

  /** Postgres accepts notifications of less than 8000 bytes; messages are ASCII. */
  private static final int MAX_MESSAGE_LENGTH = 7_500;

  private final Emitter<String> out;
  private final Event<Signal> received;
  private final SignalRegistry registry;
  private final String self;
  private final Set<Signal> pending = new LinkedHashSet<>();
  private volatile boolean alone = true;
  private volatile boolean closed;
  private boolean sending;
  private int failures;

  Signals(
      @Channel("signals-out") @OnOverflow(OnOverflow.Strategy.UNBOUNDED_BUFFER) Emitter<String> out,
      Event<Signal> received,
      SignalRegistry registry,
      Ids ids) {
    this.out = out;
    this.received = received;
    this.registry = registry;
    this.self = ids.next("node_");
  }

  /** Sets whether this is the only node, as far as the caller knows. */
  public void setAlone(boolean isOnlyNode) {
    boolean hasNewPeers = alone && !isOnlyNode;
    alone = isOnlyNode;
    if (hasNewPeers) {
      send(new Signal.NodeListening());
    }
  }

  /** Whether this is the only node. */
  public boolean isAlone() {
    return alone;
  }

  /** Sends a signal to the other nodes, soon and without blocking. A single node sends nothing. */
  public void send(Signal signal) {
    if (alone || closed) {
      return;
    }
    synchronized (pending) {
      // Signals above the bound are dropped, so the other nodes are asked to poll.
      var next = pending.size() < MAX_PENDING ? signal : new Signal.ResyncRequested();
      if (pending.add(next) && !sending) {
        sending = true;
        Thread.ofVirtual().name("signals").start(this::sendLoop);
      }
    }
  }

  /** Runs while signals wait. */
  private void sendLoop() {
    while (true) {
      List<Signal> batch;
      synchronized (pending) {
        if (pending.isEmpty()) {
          sending = false;
          return;
        }
        batch = List.copyOf(pending);
        pending.clear();
      }
      try {
        boolean delivered = isChannelReady() && deliver(messages(batch));
        if (delivered) {
          deliverySucceeded();
        }
        Thread.sleep(delivered ? BATCH_INTERVAL : RETRY_DELAY);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.error("sending signals failed", e);
      }
    }
  }

  /**
   * Waits until the channel takes messages: it is wired while the server starts, and takes none
   * while too many wait for the broker.
   */
  private boolean isChannelReady() throws InterruptedException {
    long deadline = System.nanoTime() + DELIVERY_TIMEOUT.toNanos();
    while (!out.hasRequests()) {
      if (System.nanoTime() > deadline) {
        deliveryFailed(new TimeoutException("the channel takes no messages"));
        return false;
      }
      Thread.sleep(BATCH_INTERVAL);
    }
    return true;
  }

  /** As many messages as it takes: {@code {"from": "node_…", "signals": [{"type": …}, …]}}. */
  private List<String> messages(List<Signal> batch) {
    var messages = new ArrayList<String>();
    var head = "{\"from\":\"" + self + "\",\"signals\":[";
    var message = new StringBuilder(head);
    for (var signal : batch) {
      var json = registry.write(signal);
      if (message.length() + json.length() > MAX_MESSAGE_LENGTH) {
        messages.add(message.append("]}").toString());
        message = new StringBuilder(head);
      }
      message.append(message.length() == head.length() ? "" : ",").append(json);
    }
    messages.add(message.append("]}").toString());
    return messages;
  }

  private boolean deliver(List<String> messages) throws InterruptedException {
    var sent = messages.stream().map(this::deliver).toArray(CompletableFuture[]::new);
    try {
      CompletableFuture.allOf(sent).get(DELIVERY_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException e) {
      deliveryFailed(e.getCause());
    } catch (TimeoutException e) {
      deliveryFailed(e);
    }
    return false;
  }

  private CompletableFuture<Void> deliver(String message) {
    var done = new CompletableFuture<Void>();
    try {
      out.send(
          Message.of(
              message,
              () -> {
                done.complete(null);
                return CompletableFuture.completedFuture(null);
              },
              failure -> {
                done.completeExceptionally(failure);
                return CompletableFuture.completedFuture(null);
              }));
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
    }
    return done;
  }

  /** Lost signals are not sent again; a request to resync is, until it is delivered. */
  private void deliveryFailed(Throwable cause) {
    failures++;
    if (failures == FAILURES_BEFORE_WARNING) {
      LOG.warnf("signals are not delivered, nodes poll instead cause=%s", cause);
    }
    send(new Signal.ResyncRequested());
  }

  private void deliverySucceeded() {
    if (failures >= FAILURES_BEFORE_WARNING) {
      LOG.info("signals are delivered again");
    }
    if (failures > 0) {
      failures = 0;
      received.fire(new Signal.ResyncRequested());
    }
  }

  /** Receives the messages of all nodes, and passes on those of the others. */
  @Incoming("signals-in")
  void receive(String message) {
    try {
      var tree = Json.MAPPER.readTree(message);
      if (!tree.path("from").asText().equals(self)) {
        alone = false;
        tree.path("signals").forEach(this::receive);
      }
    } catch (JsonProcessingException e) {
      LOG.debugf("message on the signal channel is not JSON cause=%s", e.getOriginalMessage());
    }
  }

  private void receive(JsonNode json) {
    try {
      var signal = registry.read(json);
      if (signal.isPresent()) {
        received.fire(signal.get());
      } else {
        LOG.debugf("unknown signal type=%s", json.path("type").asText());
      }
    } catch (JsonProcessingException e) {
      // A newer version may have added fields.
      LOG.debugf("unreadable signal cause=%s", e.getOriginalMessage());
    } catch (RuntimeException e) {
      LOG.errorf(e, "handling a signal failed type=%s", json.path("type").asText());
    }
  }

  /** The channel receives, for the first time or again, and may have missed signals. */
  void listening() {
    send(new Signal.NodeListening());
    received.fire(new Signal.ResyncRequested());
  }

  /** Sends what still waits, above all that this node leaves. */
  void onStop(@Observes @Priority(10_000) ShutdownEvent stop) throws InterruptedException {
    closed = true;
    long deadline = System.nanoTime() + DELIVERY_TIMEOUT.toNanos() / 5;
    while (isSending() && System.nanoTime() < deadline) {
      Thread.sleep(BATCH_INTERVAL);
    }
  }

  private boolean isSending() {
    synchronized (pending) {
      return sending;
    }
  }
}
