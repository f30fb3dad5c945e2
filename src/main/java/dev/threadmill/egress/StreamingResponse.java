package dev.threadmill.egress;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.io.ModalCloseable;

/** An answer from outside that is still coming in. It has to be closed. */
public final class StreamingResponse implements AutoCloseable {
  static final String TOO_SLOW = "The answer did not come in time.";

  private final ClassicHttpResponse response;
  private final CallDeadline watch;
  private final long deadline;
  private final int maxBytes;

  StreamingResponse(ClassicHttpResponse response, CallDeadline watch, long deadline, int maxBytes) {
    this.response = response;
    this.watch = watch;
    this.deadline = deadline;
    this.maxBytes = maxBytes;
  }

  public int status() {
    return response.getCode();
  }

  /** The headers by name in lower case. */
  public Map<String, String> headers() {
    var headers = new LinkedHashMap<String, String>();
    for (var header : response.getHeaders()) {
      headers.put(header.getName().toLowerCase(Locale.ROOT), header.getValue());
    }
    return headers;
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(response.getFirstHeader(name)).map(header -> header.getValue());
  }

  /** The media type without its parameters, in lower case; empty if the answer names none. */
  public String mediaType() {
    return head().mediaType();
  }

  /** The charset that the answer names, or UTF-8. */
  public java.nio.charset.Charset charset() {
    return head().charset();
  }

  private HttpResponse head() {
    return new HttpResponse(status(), headers(), new byte[0]);
  }

  boolean isRedirect() {
    return switch (status()) {
      case 301, 302, 303, 307, 308 -> response.getFirstHeader("Location") != null;
      default -> false;
    };
  }

  /** What a read of the body fails with when it is larger than allowed. */
  private static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1;
  }

  /**
   * The body as it comes in, at most as many bytes as the request allows; a read beyond that, or
   * beyond the time that the request allows, fails.
   */
  public InputStream body() throws IOException {
    var entity = response.getEntity();
    if (entity == null || entity.getContent() == null) {
      return InputStream.nullInputStream();
    }
    return new Bounded(entity.getContent(), maxBytes);
  }

  /** Reads the answer to its end. */
  public HttpResponse read() throws EgressException, InterruptedException {
    try (var body = body()) {
      var bytes = new ByteArrayOutputStream();
      body.transferTo(bytes);
      return new HttpResponse(status(), headers(), bytes.toByteArray());
    } catch (IOException e) {
      throw toFailure(e);
    }
  }

  /**
   * What it means that {@link #body} could not be read.
   *
   * @throws InterruptedException if that is because the thread was interrupted
   */
  public EgressException toFailure(IOException e) throws InterruptedException {
    return e instanceof TooLargeException
        ? new EgressException(
            EgressException.Kind.TOO_LARGE,
            true,
            "The answer is larger than the %d bytes allowed.".formatted(maxBytes))
        : failure(e, deadline).afterArrival();
  }

  /**
   * What a broken call is to those who made it.
   *
   * @throws InterruptedException if it is broken because the thread was interrupted
   */
  static EgressException failure(IOException e, long deadline) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof PolicyDnsResolver.RefusedException refused) {
        return EgressException.refused(refused.getMessage());
      }
    }
    boolean late = System.nanoTime() - deadline >= 0;
    return switch (e) {
      case ConnectTimeoutException _, ConnectionRequestTimeoutException _ ->
          new EgressException(
              late ? EgressException.Kind.TIMED_OUT : EgressException.Kind.UNREACHABLE,
              false,
              "No connection came about in time.");
      case UnknownHostException _ ->
          new EgressException(
              EgressException.Kind.UNREACHABLE, false, "The host name is not known.");
      case HttpHostConnectException _,
          NoRouteToHostException _,
          SSLHandshakeException _,
          SSLPeerUnverifiedException _ ->
          new EgressException(EgressException.Kind.UNREACHABLE, false, "No connection came about.");
      case InterruptedIOException _ ->
          new EgressException(EgressException.Kind.TIMED_OUT, true, TOO_SLOW);
      default ->
          late
              ? new EgressException(EgressException.Kind.TIMED_OUT, true, TOO_SLOW)
              : new EgressException(
                  EgressException.Kind.BROKEN,
                  true,
                  "The connection broke before the answer was whole.");
    };
  }

  /** Gives the connection back; one whose answer was not read to its end is closed. */
  @Override
  public void close() {
    watch.cancel();
    if (response instanceof ModalCloseable connection) {
      connection.close(CloseMode.IMMEDIATE);
    }
  }

  private static final class Bounded extends FilterInputStream {
    private int left;

    Bounded(InputStream in, int max) {
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
      int read = super.read(bytes, from, Math.min(length, left + 1));
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
