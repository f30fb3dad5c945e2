package dev.threadmill.egress;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/** A response whose body is still arriving. It has to be closed. */
public final class StreamingResponse implements AutoCloseable {
  private final HttpExchange exchange;
  private final Timeouts timeouts;
  private final long deadline;
  private final long maxBytes;
  private final Runnable onClose;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private InputStream body;
  private Duration betweenBytes;
  private boolean isClosed;

  /**
   * @param deadline in terms of {@link System#nanoTime}
   * @param maxBytes the most bytes of the body, both as sent and decoded
   * @param onClose runs once, when the response is closed
   */
  StreamingResponse(
      HttpExchange exchange, Timeouts timeouts, long deadline, long maxBytes, Runnable onClose) {
    this.exchange = exchange;
    this.timeouts = timeouts;
    this.deadline = deadline;
    this.maxBytes = maxBytes;
    this.onClose = onClose;
    exchange.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
  }

  public int status() {
    return exchange.status();
  }

  /** The headers by name in lower case; the last one where a name occurs several times. */
  public Map<String, String> headers() {
    return headers;
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
  }

  /** The media type without its parameters, in lower case; empty if the response names none. */
  public String mediaType() {
    return head().mediaType();
  }

  /** The charset that the response names, or UTF-8. */
  public Charset charset() {
    return head().charset();
  }

  private HttpResponse head() {
    return new HttpResponse(status(), headers, new byte[0]);
  }

  /** The most bytes that the body may have. */
  long maxBytes() {
    return maxBytes;
  }

  boolean isRedirect() {
    return switch (status()) {
      case 301, 302, 303, 307, 308 -> headers.containsKey("location");
      default -> false;
    };
  }

  /**
   * The decoded body as it arrives. A read returns what has arrived, without waiting until the
   * buffer is full. It fails when the body is larger than the request allows, when a time limit of
   * the request has passed, or when the thread is interrupted; {@link #toFailure} says which.
   */
  public InputStream body() throws IOException {
    if (body == null) {
      var raw = new Bounded(new Arriving(), maxBytes);
      body =
          new Bounded(ContentDecoding.decode(raw, header("content-encoding").orElse("")), maxBytes);
    }
    return body;
  }

  /** Limits the time between two chunks from here on, in place of the limit of the request. */
  public void limitBetweenBytes(Duration limit) {
    betweenBytes = limit;
  }

  /** Reads the response to its end. */
  public HttpResponse read() throws EgressException, InterruptedException {
    try {
      var bytes = new ByteArrayOutputStream();
      body().transferTo(bytes);
      return new HttpResponse(status(), headers, bytes.toByteArray());
    } catch (IOException e) {
      throw toFailure(e);
    }
  }

  /**
   * Why {@link #body} could not be read.
   *
   * @throws InterruptedException if that is because the thread was interrupted
   */
  public EgressException toFailure(IOException e) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (e instanceof TooLargeException) {
      return new EgressException(
          EgressException.Kind.TOO_LARGE,
          true,
          "The response is larger than the %d bytes allowed.".formatted(maxBytes));
    }
    if (e instanceof ContentDecoding.UnacceptedEncodingException) {
      return new EgressException(EgressException.Kind.BROKEN, true, e.getMessage());
    }
    if (e instanceof ZipException) {
      return new EgressException(
          EgressException.Kind.BROKEN, true, "The body of the response cannot be decompressed.");
    }
    return EgressException.of(e, deadline).afterArrival();
  }

  /**
   * Discards the rest of the body, which should be empty, so that the connection can be reused. The
   * response counts as closed.
   */
  public void drainAndRelease() {
    exchange.drainAndRelease();
    close();
  }

  /** Gives the connection back; one whose response was not read to its end is closed. */
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    exchange.close();
    try {
      if (body != null) {
        body.close();
      }
    } catch (IOException _) {
      // Only buffers are closed here.
    } finally {
      onClose.run();
    }
  }

  /** The body is larger than allowed. */
  private static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1;
  }

  /** The bytes as they are sent. */
  private final class Arriving extends InputStream {
    private byte[] chunk = {};
    private int at;

    @Override
    public int read() throws IOException {
      return fill() ? chunk[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (!fill()) {
        return -1;
      }
      int count = Math.min(length, chunk.length - at);
      System.arraycopy(chunk, at, into, offset, count);
      at += count;
      return count;
    }

    private boolean fill() throws IOException {
      while (at == chunk.length) {
        try {
          var next = exchange.read(untilNext());
          if (next == null) {
            return false;
          }
          chunk = next;
          at = 0;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw (IOException) new InterruptedIOException().initCause(e);
        }
      }
      return true;
    }

    private Duration untilNext() {
      var limit = timeouts.untilNext(deadline);
      return betweenBytes == null || betweenBytes.compareTo(limit) > 0 ? limit : betweenBytes;
    }
  }

  private static final class Bounded extends FilterInputStream {
    private long left;

    Bounded(InputStream in, long max) {
      super(in);
      this.left = max;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int read = super.read(bytes, from, (int) Math.min(length, left + 1));
      if (read > left) {
        throw new TooLargeException();
      }
      left -= Math.max(0, read);
      return read;
    }

    @Override
    public long skip(long n) {
      throw new UnsupportedOperationException();
    }
  }
}
