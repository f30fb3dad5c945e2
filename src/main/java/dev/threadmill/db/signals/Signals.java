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
 * Tells the other nodes, and hears what they tell. What is said again before it has gone out goes
 * out once, and all that has piled up goes out together, every ten milliseconds at the most. A node
 * that is alone says nothing.
 */
@ApplicationScoped
public class Signals {
  private static final Logger LOG = Logger.getLogger(Signals.class);

  private static final Duration BATCH_INTERVAL = Duration.ofMillis(10);
  private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  /** The first connection to a broker may take its time. */
  private static final int FAILURES_BEFORE_WARNING = 2;

  private static final int MAX_PENDING = 20_000;

  /** Postgres takes notifications of less than 8000 bytes; what we say is ASCII. */
  private static final int MAX_MESSAGE_LENGTH = 7_500;

  private final Emitter<String> out;
  private final Event<Signal> received;
  private final String self;
  private final Set<Signal> pending = new LinkedHashSet<>();
  private volatile boolean alone = true;
  private volatile boolean closed;
  private boolean sending;
  private int failures;

  Signals(
      @Channel("signals-out") @OnOverflow(OnOverflow.Strategy.UNBOUNDED_BUFFER) Emitter<String> out,
      Event<Signal> heard,
      Ids ids) {
    this.out = out;
    this.received = heard;
    this.self = ids.next("node_");
  }

  /** Whether there are other nodes, as far as the caller knows. */
  public void setAlone(boolean nobodyElse) {
    boolean nowHasCompany = alone && !nobodyElse;
    alone = nobodyElse;
    if (nowHasCompany) {
      send(new Signal.NodeListening());
    }
  }

  /** Whether there is nobody to tell anything. */
  public boolean isAlone() {
    return alone;
  }

  /** Tells the others, soon and without blocking. Nothing is told if this node is alone. */
  public void send(Signal signal) {
    if (alone || closed) {
      return;
    }
    synchronized (pending) {
      if (pending.size() < MAX_PENDING && pending.add(signal) && !sending) {
        sending = true;
        Thread.ofVirtual().name("signals").start(this::sendLoop);
      }
    }
  }

  /** Runs while there is something to tell. */
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
        awaitChannel();
        boolean delivered = deliver(messages(batch));
        Thread.sleep(delivered ? BATCH_INTERVAL : RETRY_DELAY);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.error("signals failed", e);
      }
    }
  }

  /** The channel is wired while the server starts, and early signals wait for that. */
  private void awaitChannel() throws InterruptedException {
    long deadline = System.nanoTime() + DELIVERY_TIMEOUT.toNanos();
    while (!out.hasRequests() && System.nanoTime() < deadline) {
      Thread.sleep(BATCH_INTERVAL);
    }
  }

  /** As many messages as it takes: {@code {"from": "node_…", "signals": [{"type": …}, …]}}. */
  private List<String> messages(List<Signal> batch) {
    var messages = new ArrayList<String>();
    var head = "{\"from\":\"" + self + "\",\"signals\":[";
    var message = new StringBuilder(head);
    for (var signal : batch) {
      var json = Json.write(signal);
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
      deliverySucceeded();
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

  /** What was lost is not said again; that something was lost is, until it gets through. */
  private void deliveryFailed(Throwable cause) {
    failures++;
    if (failures == FAILURES_BEFORE_WARNING) {
      LOG.warnf("signals do not get through, nodes look for themselves meanwhile cause=%s", cause);
    }
    send(new Signal.ResyncRequested());
  }

  private void deliverySucceeded() {
    if (failures >= FAILURES_BEFORE_WARNING) {
      LOG.info("signals get through again");
    }
    if (failures > 0) {
      failures = 0;
      received.fire(new Signal.ResyncRequested());
    }
  }

  /** Hears what all nodes say, and passes on what others say. */
  @Incoming("signals-in")
  void receive(String message) {
    try {
      var tree = Json.MAPPER.readTree(message);
      if (!tree.path("from").asText().equals(self)) {
        alone = false;
        tree.path("signals").forEach(this::receive);
      }
    } catch (JsonProcessingException e) {
      LOG.debugf("signal that is none cause=%s", e.getOriginalMessage());
    }
  }

  /** A newer version may say what this one does not know. */
  private void receive(JsonNode json) {
    try {
      received.fire(Json.MAPPER.treeToValue(json, Signal.class));
    } catch (JsonProcessingException e) {
      LOG.debugf("signal that is not known cause=%s", e.getOriginalMessage());
    } catch (RuntimeException e) {
      LOG.errorf(e, "signal failed type=%s", json.path("type").asText());
    }
  }

  /**
   * What listens for signals has come up, for the first time or again, and may have missed some.
   */
  void listening() {
    send(new Signal.NodeListening());
    received.fire(new Signal.ResyncRequested());
  }

  /** Says what is still to be said, the farewell above all. */
  void onStop(@Observes @Priority(10_000) ShutdownEvent stop) throws InterruptedException {
    closed = true;
    long deadline = System.nanoTime() + DELIVERY_TIMEOUT.toNanos() / 5;
    while (isWriting() && System.nanoTime() < deadline) {
      Thread.sleep(BATCH_INTERVAL);
    }
  }

  private boolean isWriting() {
    synchronized (pending) {
      return sending;
    }
  }
}
