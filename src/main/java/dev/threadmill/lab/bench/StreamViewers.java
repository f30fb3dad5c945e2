package dev.threadmill.lab.bench;

import dev.threadmill.lab.provider.ProviderTimestamps;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many connections on one event loop, each of which reads the events of a run and keeps nothing of
 * them, so that they cost little themselves.
 */
final class StreamViewers implements AutoCloseable {
  private static final int OPENING_AT_ONCE = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final String WAITS = "event: thread.run.requires_action";
  private static final String COMMENT = ": keep-alive";

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final NetClient net = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
  private final URI server;
  private final String key;
  private final List<Viewer> all = new ArrayList<>();
  private final AtomicLong comments = new AtomicLong();

  StreamViewers(URI server, String key) {
    this.server = server;
    this.key = key;
  }

  /** An action that lets a run continue. */
  interface Push {
    void give() throws IOException;
  }

  /**
   * Opens this many connections, spread over these runs, and waits until each has received that its
   * run waits for its client.
   */
  void open(int count, List<String> runs) throws Exception {
    for (int i = 0; i < count; i++) {
      all.add(new Viewer(runs.get(i % runs.size())));
    }
    var next = new AtomicInteger();
    var opened = new CompletableFuture<Void>();
    var left = new AtomicInteger(count);
    for (int i = 0; i < Math.min(OPENING_AT_ONCE, count); i++) {
      openNext(next, left, opened);
    }
    opened.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private void openNext(AtomicInteger next, AtomicInteger left, CompletableFuture<Void> opened) {
    int at = next.getAndIncrement();
    if (at >= all.size()) {
      return;
    }
    var viewer = all.get(at);
    viewer
        .reached(WAITS)
        .whenComplete(
            (_, failure) -> {
              if (failure != null) {
                opened.completeExceptionally(failure);
              } else if (left.decrementAndGet() == 0) {
                opened.complete(null);
              } else {
                openNext(next, left, opened);
              }
            });
    net.connect(server.getPort(), server.getHost())
        .onSuccess(viewer::begin)
        .onFailure(viewer::fail);
  }

  /** The number of keep-alive comments over all connections. */
  long comments() {
    return comments.get();
  }

  /** Lets a run continue, and returns the delivery times of its tokens to all its viewers. */
  Distribution deliveryTimes(String run, Push push) throws Exception {
    var watching = all.stream().filter(viewer -> viewer.run.equals(run)).toList();
    var ends = watching.stream().map(viewer -> viewer.reached("event: done")).toList();
    push.give();
    for (var end : ends) {
      end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    return Distribution.of(
        watching.stream().flatMap(viewer -> viewer.deliveries.stream()).toList(), Long::longValue);
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  /** One connection. It is confined to the event loop, except for {@link #reached}. */
  private final class Viewer {
    private final String run;
    private final List<Long> deliveries = new ArrayList<>();
    private String rest = "";
    private volatile String awaited;
    private volatile CompletableFuture<Void> reached;

    Viewer(String run) {
      this.run = run;
    }

    /** Completes when a line with this prefix arrives. */
    CompletableFuture<Void> reached(String line) {
      reached = new CompletableFuture<>();
      awaited = line;
      return reached;
    }

    void begin(NetSocket socket) {
      socket.handler(this::take);
      socket.closeHandler(_ -> fail(new IOException("a viewer's stream ended")));
      socket.write(
          "GET %s%s/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n"
              .formatted(server.getPath(), run, server.getAuthority(), key));
    }

    void fail(Throwable why) {
      if (reached != null) {
        reached.completeExceptionally(why);
      }
    }

    private void take(Buffer bytes) {
      long now = System.nanoTime();
      var text = rest + bytes.toString(StandardCharsets.UTF_8);
      int from = 0;
      for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        take(text.substring(from, end), now);
        from = end + 1;
      }
      rest = text.substring(from);
    }

    private void take(String line, long now) {
      if (line.startsWith(COMMENT)) {
        comments.incrementAndGet();
      } else if (line.startsWith("HTTP/1.1 ") && !line.startsWith("HTTP/1.1 200")) {
        fail(new IOException("a viewer was answered with " + line));
      } else if (line.contains("thread.message.delta")
          && line.contains(ProviderTimestamps.WRITTEN)) {
        deliveries.add(now - ProviderTimestamps.read(ProviderTimestamps.WRITTEN, line));
      }
      if (awaited != null && line.startsWith(awaited)) {
        awaited = null;
        reached.complete(null);
      }
    }
  }
}
