package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.RoutingContextInternal;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * The body of one request while it arrives. All of it happens on the event loop of the request.
 *
 * <p>A body has ten seconds, and beyond them as long as it keeps a rate that any client reaches.
 * The first pieces are kept in memory, larger bodies go into a temporary file. A body that comes in
 * thousands of tiny pieces costs more than its bytes and is refused.
 */
final class BodyReception {
  private static final Logger LOG = Logger.getLogger(BodyReception.class);

  static final int MAX_IN_MEMORY = 32 * 1024;
  static final int MAX_TINY_PIECES = 8_192;
  private static final int TINY = 64;
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int MIN_BYTES_PER_SECOND = 16 * 1024;
  private static final long CHECK_MILLIS = 1_000;

  private final Vertx vertx;
  private final BodyPermits permits;
  private final AtomicLong spooledBytes;
  private final long started = System.nanoTime();

  /**
   * Null once the body is handed over: an idle thread keeps the last write to a file that it ran,
   * with its callbacks, and must not keep the request and its body as well.
   */
  private RoutingContext context;

  private HttpServerRequest request;
  private Buffer memory = Buffer.buffer();
  private String path;
  private AsyncFile file;
  private long timer;
  private long received;
  private long structure;
  private long spooled;
  private long pieces;
  private int pendingWrites;
  private boolean isReceived;
  private boolean isOver;

  /**
   * @param spooledBytes of all bodies that are in files at the moment
   */
  BodyReception(Vertx vertx, RoutingContext context, BodyPermits permits, AtomicLong spooledBytes) {
    this.vertx = vertx;
    this.context = context;
    this.request = context.request();
    this.permits = permits;
    this.spooledBytes = spooledBytes;
  }

  void start() {
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      context.response().writeContinue();
      request.headers().remove(HttpHeaders.EXPECT);
    }
    timer = vertx.setPeriodic(CHECK_MILLIS, _ -> checkRate());
    context.addEndHandler(_ -> discard());
    request.exceptionHandler(_ -> discard());
    request.handler(this::receive);
    request.endHandler(_ -> complete());
    request.resume();
  }

  private void checkRate() {
    long late = System.nanoTime() - started - GRACE_NANOS;
    if (late > 0 && received < MIN_BYTES_PER_SECOND * (late / 1e9)) {
      refuse(408, "request_timeout", "The body arrived too slowly.");
    }
  }

  private void receive(Buffer piece) {
    if (isOver) {
      return;
    }
    received += piece.length();
    structure += BodyPermits.structure(piece);
    pieces++;
    if (received > BodyLimit.MAX_JSON) {
      refuse(BodyLimit.tooLarge());
    } else if (pieces > MAX_TINY_PIECES && received < pieces * TINY) {
      refuse(400, "body_in_tiny_pieces", "The body comes in too many tiny pieces.");
    } else if (file != null) {
      write(piece);
    } else {
      memory.appendBuffer(piece);
      if (memory.length() > MAX_IN_MEMORY && path == null) {
        spool();
      }
    }
  }

  /** Continues in a file. Until it is open, nothing more is read from the connection. */
  private void spool() {
    request.pause();
    path = "";
    vertx
        .fileSystem()
        .createTempFile("threadmill-body-", "")
        .compose(
            created -> {
              path = created;
              return vertx.fileSystem().open(created, new OpenOptions().setWrite(true));
            })
        .onSuccess(
            opened -> {
              file = opened;
              if (isOver) {
                discardFile();
                return;
              }
              file.exceptionHandler(this::fail);
              file.drainHandler(_ -> resume());
              var first = memory;
              memory = Buffer.buffer();
              write(first);
              request.resume();
            })
        .onFailure(
            cause -> {
              if (!path.isEmpty()) {
                // It was created and could not be opened.
                vertx.fileSystem().delete(path);
              }
              fail(cause);
            });
  }

  private void resume() {
    if (!isOver) {
      request.resume();
    }
  }

  private void write(Buffer piece) {
    spooled += piece.length();
    spooledBytes.addAndGet(piece.length());
    pendingWrites++;
    file.write(piece)
        .onFailure(this::fail)
        .onSuccess(
            _ -> {
              pendingWrites--;
              loadIfWritten();
            });
    if (!isOver && file.writeQueueFull()) {
      request.pause();
    }
  }

  private void complete() {
    if (isOver) {
      return;
    }
    vertx.cancelTimer(timer);
    if (file == null) {
      permits.acquire(context, received, structure, () -> handOver(memory));
      return;
    }
    isReceived = true;
    loadIfWritten();
  }

  /** Pieces are written side by side, so the file is whole when none of them is still pending. */
  private void loadIfWritten() {
    if (isReceived && pendingWrites == 0 && !isOver) {
      permits.acquire(context, received, structure, this::load);
    }
  }

  private void load() {
    if (isOver) {
      return;
    }
    vertx.fileSystem().readFile(path).onSuccess(this::handOver).onFailure(this::fail);
  }

  private void handOver(Buffer body) {
    if (isOver) {
      return;
    }
    var received = context;
    discard();
    ((RoutingContextInternal) received).setBody(body);
    received.next();
  }

  private void fail(Throwable cause) {
    if (!isOver) {
      LOG.warnf("body not received cause=%s", cause);
      refuse(ApiException.unavailable("The body could not be received. Please try again.", 1));
    }
  }

  private void refuse(int status, String code, String message) {
    refuse(new ApiException(status, new ApiError(message, ApiError.INVALID_REQUEST, null, code)));
  }

  private void refuse(ApiException error) {
    var refused = context;
    discard();
    BodyLimit.refuse(refused, error);
    // What still comes is not kept; the connection is closed once the answer is out.
    refused.request().handler(_ -> {});
  }

  private void discard() {
    if (!isOver) {
      isOver = true;
      vertx.cancelTimer(timer);
      memory = Buffer.buffer();
      context = null;
      request = null;
      discardFile();
    }
  }

  private void discardFile() {
    if (file != null) {
      var closing = file;
      file = null;
      spooledBytes.addAndGet(-spooled);
      closing.close().eventually(() -> vertx.fileSystem().delete(path));
    }
  }
}
