package dev.threadmill.egress;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One HTTP request whose response is read by blocking. The event loop enqueues what arrives, at
 * most {@link #AHEAD} chunks ahead of the reader. Closing an exchange before the end of the
 * response aborts the request.
 *
 * <p>Aborting closes the connection, which belongs to this exchange only until the response has
 * ended: after that the pool may have given it to another request. Whether the response has ended
 * is known on the event loop that the exchange shares with its connection, so the decision to abort
 * is made there.
 */
final class HttpExchange implements AutoCloseable {
  private static final int AHEAD = 32;
  private static final long LINGER_MILLIS = 1_000;

  private final BlockingQueue<Chunk> arrived = new LinkedBlockingQueue<>();
  private final ConnectionPool.Lane lane;
  private HttpClientRequest request;
  private boolean sent;
  private HttpClientResponse head;
  private HttpClientResponse response;
  private int consumed;
  private boolean ended;
  private volatile boolean sending;
  private volatile boolean closed;
  private volatile boolean bodyEnded;

  private sealed interface Chunk {
    record Head(HttpClientResponse response) implements Chunk {}

    record Body(Buffer bytes) implements Chunk {}

    record End() implements Chunk {}

    record Failure(Throwable cause) implements Chunk {}
  }

  /** Nothing arrived within the read timeout. */
  static final class ReadTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;
    private final boolean sent;

    ReadTimeoutException(boolean sent) {
      super("read timeout");
      this.sent = sent;
    }

    /** Whether there was a connection, so that the request may have reached the server. */
    boolean wasSent() {
      return sent;
    }
  }

  /** No connection was made, so the request cannot have reached the server. */
  static final class ConnectException extends IOException {
    private static final long serialVersionUID = 1L;

    ConnectException(Throwable cause) {
      super(cause);
    }
  }

  private HttpExchange(ConnectionPool.Lane lane) {
    this.lane = lane;
  }

  /**
   * Sends the request and waits for the head of the response.
   *
   * @param body null for none
   * @param timeout for the connection and the head together
   * @throws ReadTimeoutException if the head did not arrive in time
   * @throws ConnectException if there is no connection
   * @throws IOException if the connection broke
   */
  static HttpExchange send(
      ConnectionPool.Lane lane, RequestOptions options, RequestBody body, Duration timeout)
      throws IOException, InterruptedException {
    var exchange = new HttpExchange(lane);
    lane.open().incrementAndGet();
    lane.loop().runOnContext(_ -> exchange.open(options, body));
    try {
      if (exchange.take(timeout) instanceof Chunk.Head(var head)) {
        exchange.response = head;
        return exchange;
      }
      throw new IOException("no head");
    } catch (IOException | InterruptedException | RuntimeException e) {
      exchange.close();
      throw e;
    }
  }

  int status() {
    return response.statusCode();
  }

  MultiMap headers() {
    return response.headers();
  }

  /**
   * The next bytes of the response; null at its end.
   *
   * @throws ReadTimeoutException if none arrived in time
   * @throws IOException if the connection broke
   */
  byte[] read(Duration timeout) throws IOException, InterruptedException {
    if (ended) {
      return null;
    }
    return switch (take(timeout)) {
      case Chunk.Body(var bytes) -> {
        if (++consumed == AHEAD / 2) {
          response.fetch(consumed);
          consumed = 0;
        }
        yield bytes.getBytes();
      }
      case Chunk.End _ -> {
        ended = true;
        yield null;
      }
      case Chunk.Head _, Chunk.Failure _ -> throw new IOException("not a body");
    };
  }

  /**
   * Discards the rest of the response, which should be empty, so that the connection can be reused;
   * aborts the request if the rest does not end within a second.
   */
  void drainAndRelease() {
    if (ended || closed) {
      return;
    }
    ended = true;
    closed = true;
    if (!bodyEnded) {
      unlessEnded(() -> lane.loop().owner().setTimer(LINGER_MILLIS, _ -> unlessEnded(this::abort)));
    }
  }

  @Override
  public void close() {
    if (ended || closed) {
      return;
    }
    closed = true;
    unlessEnded(this::abort);
  }

  /**
   * Runs the action on the event loop, unless the response has ended by then. Chunks that have
   * arrived, and the end behind them, may still wait for the reader, so they are let through first.
   */
  private void unlessEnded(Runnable action) {
    lane.loop()
        .runOnContext(
            _ -> {
              if (head != null) {
                head.fetch(Long.MAX_VALUE);
              }
              lane.loop()
                  .runOnContext(
                      _ -> {
                        if (!bodyEnded) {
                          action.run();
                        }
                      });
            });
  }

  private void abort() {
    if (request != null) {
      request.reset();
    }
  }

  private Chunk take(Duration timeout) throws IOException, InterruptedException {
    var chunk = arrived.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (chunk == null) {
      throw new ReadTimeoutException(sending);
    }
    if (chunk instanceof Chunk.Failure(var cause)) {
      ended = true;
      if (!sending) {
        throw new ConnectException(cause);
      }
      throw cause instanceof IOException broken ? broken : new IOException(cause);
    }
    return chunk;
  }

  private void open(RequestOptions options, RequestBody body) {
    lane.client().request(options).onSuccess(made -> send(made, body)).onFailure(this::fail);
  }

  private void send(HttpClientRequest made, RequestBody body) {
    request = made;
    made.exceptionHandler(this::fail);
    made.response().onSuccess(this::head).onFailure(this::fail);
    if (closed) {
      made.reset();
      return;
    }
    sending = true;
    if (body == null) {
      sent = true;
      made.end();
    } else {
      made.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(body.length()));
      write(body, 0);
    }
  }

  /** Writes a body as fast as the connection accepts it. */
  private void write(RequestBody body, int from) {
    int next = from;
    while (next < body.chunks() - 1) {
      if (request.writeQueueFull()) {
        int rest = next;
        request.drainHandler(
            _ -> {
              request.drainHandler(null);
              if (!closed && !bodyEnded) {
                write(body, rest);
              }
            });
        return;
      }
      request.write(body.chunk(next++));
    }
    sent = true;
    request.end(body.chunk(next));
  }

  private void head(HttpClientResponse arriving) {
    head = arriving;
    head.pause();
    head.handler(bytes -> enqueue(new Chunk.Body(bytes)));
    head.endHandler(
        _ -> {
          end();
          enqueue(new Chunk.End());
          if (!sent) {
            // The server responded before it read the whole request; the connection is unusable.
            abort();
          }
        });
    head.exceptionHandler(this::fail);
    enqueue(new Chunk.Head(head));
    head.fetch(closed ? Long.MAX_VALUE : AHEAD);
  }

  private void fail(Throwable cause) {
    end();
    enqueue(new Chunk.Failure(cause));
  }

  private void end() {
    if (!bodyEnded) {
      bodyEnded = true;
      lane.open().decrementAndGet();
    }
  }

  /** At most {@link #AHEAD} chunks are fetched ahead of the reader, so the queue stays short. */
  private void enqueue(Chunk chunk) {
    if (!closed) {
      arrived.add(chunk);
    }
  }
}
