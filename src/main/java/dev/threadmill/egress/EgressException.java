package dev.threadmill.egress;

import java.io.IOException;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * A request without a usable response. The message may be shown to clients and models: it names no
 * address that a host name was resolved to.
 */
public final class EgressException extends Exception {
  private static final long serialVersionUID = 1L;
  static final String TOO_SLOW = "The response did not arrive in time.";

  /** What went wrong. */
  public enum Kind {
    /** The policy does not allow the address. */
    REFUSED,
    /** There was no connection. */
    UNREACHABLE,
    /** A time limit passed before the response was complete. */
    TIMED_OUT,
    /** The connection broke, or what it carried was not HTTP. */
    BROKEN,
    /** The response is larger than allowed. */
    TOO_LARGE
  }

  private final Kind kind;
  private final boolean mayHaveArrived;
  private final boolean isLocal;

  EgressException(Kind kind, boolean mayHaveArrived, String message) {
    this(kind, mayHaveArrived, false, message);
  }

  private EgressException(Kind kind, boolean mayHaveArrived, boolean isLocal, String message) {
    super(message);
    this.isLocal = isLocal;
    this.kind = kind;
    this.mayHaveArrived = mayHaveArrived;
  }

  static EgressException refused(String message) {
    return new EgressException(Kind.REFUSED, false, message);
  }

  /**
   * All connections were in use until the deadline.
   *
   * @param hasArrived whether an earlier hop has received the request
   */
  static EgressException exhausted(boolean hasArrived) {
    return new EgressException(
        Kind.TIMED_OUT, hasArrived, !hasArrived, "All connections of this server are in use.");
  }

  /** The meaning of a failed exchange. */
  static EgressException of(IOException e, long deadline) {
    boolean late = System.nanoTime() - deadline >= 0;
    return switch (e) {
      case PolicyDnsResolver.RefusedException refused -> refused(refused.getMessage());
      case UnknownHostException _ ->
          new EgressException(
              Kind.UNREACHABLE, false, "The host '%s' is not known.".formatted(e.getMessage()));
      case HttpExchange.ConnectException _ ->
          new EgressException(
              late ? Kind.TIMED_OUT : Kind.UNREACHABLE,
              false,
              isExhausted(e),
              "There is no connection" + why(e));
      case HttpExchange.ReadTimeoutException timeout ->
          timeout.wasSent()
              ? new EgressException(Kind.TIMED_OUT, true, TOO_SLOW)
              : new EgressException(
                  late ? Kind.TIMED_OUT : Kind.UNREACHABLE,
                  false,
                  // Attempts to connect end earlier: the request has waited for its turn.
                  true,
                  "There was no connection in time.");
      default ->
          late
              ? new EgressException(Kind.TIMED_OUT, true, TOO_SLOW)
              : new EgressException(
                  Kind.BROKEN, true, "The connection broke before the response was complete.");
    };
  }

  private static boolean isExhausted(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof io.vertx.core.http.ConnectionPoolTooBusyException
          || cause instanceof java.net.BindException
          || cause instanceof IOException
              && cause.getMessage() != null
              && cause.getMessage().contains("Too many open files")) {
        return true;
      }
    }
    return false;
  }

  /** The reason of a failed connection, in words that name no address. */
  private static String why(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      var reason =
          switch (cause) {
            case java.net.NoRouteToHostException _ -> Optional.of("no route to the host");
            case io.netty.channel.ConnectTimeoutException _ ->
                Optional.of("the host did not answer in time");
            case io.netty.handler.proxy.ProxyConnectException _ ->
                Optional.of("the proxy refused it or did not answer");
            case javax.net.ssl.SSLException _ -> Optional.of("the TLS handshake failed");
            case java.net.ConnectException _ -> Optional.of("connection refused");
            default -> Optional.<String>empty();
          };
      if (reason.isPresent()) {
        return ": " + reason.get() + ".";
      }
    }
    return ".";
  }

  /** The same of a request that an earlier hop may have received. */
  EgressException afterArrival() {
    return new EgressException(kind, true, getMessage());
  }

  /** The same with more words in front. */
  EgressException at(String where) {
    return new EgressException(kind, mayHaveArrived, isLocal, where + ": " + getMessage());
  }

  public Kind kind() {
    return kind;
  }

  /**
   * Whether this node had no connection to give: all of its connections, ports or files are in use.
   * The server has received nothing and is not at fault.
   */
  public boolean isLocal() {
    return isLocal;
  }

  /** Whether the server may have received the request, and so may have acted on it. */
  public boolean mayHaveArrived() {
    return mayHaveArrived;
  }
}
