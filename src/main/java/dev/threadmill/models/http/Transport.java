package dev.threadmill.models.http;

import dev.threadmill.models.ModelsConfig;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.impl.VertxInternal;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * The connections to all providers: kept alive, shared, and never more than are allowed.
 *
 * <p>They are divided among a few lanes, each with an event loop of its own, on which both its
 * connections and its exchanges live. A client shared by all loops would hand a connection of one
 * loop to an exchange of another, which could then not tell whether its answer has ended, and so
 * not abort it without cutting off whoever has the connection by then.
 */
@ApplicationScoped
public class Transport {
  private static final int KEEP_ALIVE_SECONDS = 50;
  private static final int FEWEST_CONNECTIONS_OF_A_LANE = 16;

  private final List<Lane> lanes;

  /** Connections that share an event loop, and how many exchanges are under way on them. */
  record Lane(Context loop, HttpClient client, AtomicInteger open) {}

  public Transport(Vertx vertx, ModelsConfig config) {
    int most = config.connections();
    int count =
        Math.clamp(
            most / FEWEST_CONNECTIONS_OF_A_LANE, 1, Runtime.getRuntime().availableProcessors());
    this.lanes =
        IntStream.range(0, count)
            .mapToObj(i -> lane(vertx, most / count + (i < most % count ? 1 : 0), config))
            .toList();
  }

  private static Lane lane(Vertx vertx, int connections, ModelsConfig config) {
    var options =
        new HttpClientOptions()
            .setMaxPoolSize(connections)
            .setMaxWaitQueueSize(connections)
            .setKeepAlive(true)
            .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
            .setTcpNoDelay(true)
            .setConnectTimeout((int) config.connectTimeout().toMillis());
    var loop = ((VertxInternal) vertx).createEventLoopContext();
    return new Lane(loop, vertx.createHttpClient(options), new AtomicInteger());
  }

  /**
   * Sends a request and waits for the head of its answer.
   *
   * @throws HttpExchange.Silence if it did not come in time
   * @throws IOException if the provider could not be reached
   */
  public HttpExchange post(
      String url, Map<String, String> headers, RequestBody body, Duration patience)
      throws IOException, InterruptedException {
    var options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(url)
            .putHeader("user-agent", "threadmill");
    headers.forEach(options::putHeader);
    return HttpExchange.post(emptiestLane(), options, body, patience);
  }

  private Lane emptiestLane() {
    var emptiest = lanes.getFirst();
    for (var lane : lanes) {
      if (lane.open().get() < emptiest.open().get()) {
        emptiest = lane;
      }
    }
    return emptiest;
  }

  /**
   * The whole rest of an answer; null if it is longer than allowed.
   *
   * @param end when to give up, in terms of {@link System#nanoTime}
   */
  public static byte[] read(HttpExchange exchange, long longest, long end)
      throws IOException, InterruptedException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var bytes = exchange.read(Duration.ofNanos(end - System.nanoTime()));
      if (bytes == null) {
        return body.toByteArray();
      }
      if (body.size() + bytes.length > longest) {
        return null;
      }
      body.writeBytes(bytes);
    }
  }

  @PreDestroy
  void close() {
    lanes.forEach(lane -> lane.client().close());
  }
}
