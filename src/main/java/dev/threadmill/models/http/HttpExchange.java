package dev.threadmill.models.http;

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
 * One request to a provider, whose answer is read by blocking. The event loop hands over what has
 * arrived, never more than a few pieces ahead of the reader. Closing it before the end aborts the
 * request at the provider.
 *
 * <p>Aborting means to close the connection, and that is only ours until the answer has ended: from
 * then on another request may be on it. Whether it has ended is known on the event loop alone that
 * the exchange shares with its connection, so it is there that a request is aborted, or let be.
 */
public final class HttpExchange implements AutoCloseable {
  private static final int AHEAD = 32;
  private static final long LINGER_MILLIS = 1_000;

  private final BlockingQueue<Piece> arrived = new LinkedBlockingQueue<>();
  private HttpClientRequest request;
  private boolean sent;
  private HttpClientResponse head;
  private HttpClientResponse response;
  private int taken;
  private boolean ended;
  private final Transport.Lane lane;
  private volatile boolean closed;
  private volatile boolean bodyEnded;

  private sealed interface Piece {
    record Head(HttpClientResponse response) implements Piece {}

    record Body(Buffer bytes) implements Piece {}

    record End() implements Piece {}

    record Failure(Throwable cause) implements Piece {}
  }

  /** Nothing came for as long as the reader would wait. */
  public static final class ReadTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  private HttpExchange(Transport.Lane lane) {
    this.lane = lane;
  }

  /**
   * Sends the request and waits for the head of the answer.
   *
   * @throws Silence if it did not come in time
   * @throws IOException if the provider could not be reached
   */
  static HttpExchange post(
      Transport.Lane lane, RequestOptions options, RequestBody body, Duration patience)
      throws IOException, InterruptedException {
    var exchange = new HttpExchange(lane);
    lane.open().incrementAndGet();
    lane.loop().runOnContext(_ -> exchange.open(options, body));
    try {
      if (exchange.take(patience) instanceof Piece.Head(var head)) {
        exchange.response = head;
        return exchange;
      }
      throw new IOException("no head");
    } catch (IOException | InterruptedException | RuntimeException e) {
      exchange.close();
      throw e;
    }
  }

  /** The status of the answer. */
  public int status() {
    return response.statusCode();
  }

  /** The value of a header of the answer, or an empty text. */
  public String header(String name) {
    var value = response.getHeader(name);
    return value == null ? "" : value;
  }

  /**
   * The next bytes of the answer; null at its end.
   *
   * @throws Silence if none came in time
   * @throws IOException if the connection broke
   */
  public byte[] read(Duration patience) throws IOException, InterruptedException {
    if (ended) {
      return null;
    }
    return switch (take(patience)) {
      case Piece.Body(var bytes) -> {
        if (++taken == AHEAD / 2) {
          response.fetch(taken);
          taken = 0;
        }
        yield bytes.getBytes();
      }
      case Piece.End _ -> {
        ended = true;
        yield null;
      }
      case Piece.Head _, Piece.Failure _ -> throw new IOException("not a body");
    };
  }

  /**
   * Lets the rest of the answer come, which should be nothing, so that the connection can be used
   * again; aborts the request if the rest does not end soon.
   */
  public void drainAndRelease() {
    if (ended) {
      return;
    }
    ended = true;
    closed = true;
    if (!bodyEnded) {
      afterAllThatHasCome(
          () -> lane.loop().owner().setTimer(LINGER_MILLIS, _ -> afterAllThatHasCome(this::abort)));
    }
  }

  @Override
  public void close() {
    if (ended || closed) {
      return;
    }
    closed = true;
    afterAllThatHasCome(this::abort);
  }

  /**
   * Does this on the event loop, unless the answer has ended by then. What has come already may
   * still wait for its reader, and the end behind it, so it is let through first.
   */
  private void afterAllThatHasCome(Runnable action) {
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

  private Piece take(Duration patience) throws IOException, InterruptedException {
    var piece = arrived.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    if (piece == null) {
      throw new ReadTimeoutException();
    }
    if (piece instanceof Piece.Failure(var cause)) {
      ended = true;
      throw cause instanceof IOException broken ? broken : new IOException(cause);
    }
    return piece;
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
    } else {
      made.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(body.length()));
      write(body, 0);
    }
  }

  /** Writes a body as the connection takes it. */
  private void write(RequestBody body, int from) {
    int next = from;
    while (next < body.pieces() - 1) {
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
      request.write(body.piece(next++));
    }
    sent = true;
    request.end(body.piece(next));
  }

  private void head(HttpClientResponse arriving) {
    head = arriving;
    head.pause();
    head.handler(bytes -> hand(new Piece.Body(bytes)));
    head.endHandler(
        _ -> {
          end();
          hand(new Piece.End());
          if (!sent) {
            // The provider has answered without hearing all, and the connection is of no use.
            abort();
          }
        });
    head.exceptionHandler(this::fail);
    hand(new Piece.Head(head));
    head.fetch(closed ? Long.MAX_VALUE : AHEAD);
  }

  private void fail(Throwable cause) {
    end();
    hand(new Piece.Failure(cause));
  }

  private void end() {
    if (!bodyEnded) {
      bodyEnded = true;
      lane.open().decrementAndGet();
    }
  }

  /** At most {@link #AHEAD} pieces are asked for ahead of the reader, so the queue stays short. */
  private void hand(Piece piece) {
    if (!closed) {
      arrived.add(piece);
    }
  }
}
