package dev.threadmill.egress;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.impl.VertxInternal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Kept-alive connections, at most a given number to each host.
 *
 * <p>They are divided among a few lanes, each with an event loop that runs both its connections and
 * its exchanges. A client shared by all loops would give a connection of one loop to an exchange of
 * another, which could not know whether its response has ended and so could not abort it without
 * breaking the next exchange on that connection.
 */
final class ConnectionPool implements AutoCloseable {
  private static final int KEEP_ALIVE_SECONDS = 50;
  private static final int MIN_CONNECTIONS_OF_A_LANE = 16;
  private static final int MAX_HEADER_BYTES = 64 * 1024;

  private final List<Lane> lanes;

  /** Connections that share an event loop, and how many exchanges are open on them. */
  record Lane(Context loop, HttpClient client, AtomicInteger open) {}

  /**
   * @param perHost the most connections to one host
   */
  ConnectionPool(Vertx vertx, int perHost, Duration connectTimeout) {
    int count =
        Math.clamp(
            perHost / MIN_CONNECTIONS_OF_A_LANE, 1, Runtime.getRuntime().availableProcessors());
    this.lanes =
        IntStream.range(0, count)
            .mapToObj(
                i -> lane(vertx, perHost / count + (i < perHost % count ? 1 : 0), connectTimeout))
            .toList();
  }

  private static Lane lane(Vertx vertx, int connections, Duration connectTimeout) {
    var options =
        new HttpClientOptions()
            .setMaxPoolSize(connections)
            .setMaxWaitQueueSize(connections)
            .setKeepAlive(true)
            .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
            .setTcpNoDelay(true)
            .setMaxHeaderSize(MAX_HEADER_BYTES)
            .setConnectTimeout((int) connectTimeout.toMillis());
    var loop = ((VertxInternal) vertx).createEventLoopContext();
    return new Lane(loop, vertx.createHttpClient(options), new AtomicInteger());
  }

  /** The lane with the fewest open exchanges. */
  Lane emptiestLane() {
    var emptiest = lanes.getFirst();
    for (var lane : lanes) {
      if (lane.open().get() < emptiest.open().get()) {
        emptiest = lane;
      }
    }
    return emptiest;
  }

  @Override
  public void close() {
    lanes.forEach(lane -> lane.client().close());
  }
}
