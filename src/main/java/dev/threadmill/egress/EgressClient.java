package dev.threadmill.egress;

import dev.threadmill.telemetry.tracing.TraceHeaders;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The client for all requests to other servers. Requests block the calling (virtual) thread, are
 * bounded in time and size, and end when the thread is interrupted. Nothing is retried here, and no
 * cookies are kept.
 *
 * <p>The injected client is the one for tools: the policy has to allow every host on the way,
 * redirects included, by name and, after resolution, by address, and connections are made to the
 * very addresses that were allowed. Through a proxy it is the proxy that resolves names; addresses
 * that this machine resolves are held to the policy all the same.
 */
@Singleton
public class EgressClient {
  private static final Logger LOG = Logger.getLogger(EgressClient.class);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_PER_HOST = 64;
  private static final int MAX_ADDRESSES = 4;

  private final ConnectionPool connections;
  private final PolicyDnsResolver dns;
  private final ProxyRules proxies;
  private final Semaphore permits;
  private final boolean forTools;

  @Inject
  EgressClient(Vertx vertx, EgressPolicy policy, EgressConfig config) {
    this(
        new ConnectionPool(
            vertx, Math.min(MAX_PER_HOST, config.connections()), config.connectTimeout()),
        new PolicyDnsResolver(policy, HostResolver.SYSTEM, config.connectTimeout()),
        ProxyRules.of(config),
        new Semaphore(config.connections(), true),
        true);
  }

  private EgressClient(
      ConnectionPool connections,
      PolicyDnsResolver dns,
      ProxyRules proxies,
      Semaphore permits,
      boolean forTools) {
    this.connections = connections;
    this.dns = dns;
    this.proxies = proxies;
    this.permits = permits;
    this.forTools = forTools;
  }

  /** A client for tools with connections of its own. It has to be closed. */
  public static EgressClient forTools(
      Vertx vertx,
      EgressPolicy policy,
      HostResolver resolver,
      ProxyRules proxies,
      Duration connectTimeout,
      int connections) {
    return new EgressClient(
        new ConnectionPool(vertx, Math.min(MAX_PER_HOST, connections), connectTimeout),
        new PolicyDnsResolver(policy, resolver, connectTimeout),
        proxies,
        new Semaphore(connections, true),
        true);
  }

  /**
   * A client for servers that the operator configured, which may have private addresses: it applies
   * no policy, and follows redirects only within the server, and only those that keep the method,
   * as from a path with a slash at its end to one without. It has to be closed.
   *
   * @param connections the most connections to one host
   */
  public static EgressClient forProviders(
      Vertx vertx, ProxyRules proxies, Duration connectTimeout, int connections) {
    return new EgressClient(
        new ConnectionPool(vertx, connections, connectTimeout),
        new PolicyDnsResolver(null, HostResolver.SYSTEM, connectTimeout),
        proxies,
        null,
        false);
  }

  @PreDestroy
  public void close() {
    connections.close();
  }

  /**
   * Sends a request, follows redirects, and reads the whole response.
   *
   * @throws EgressException if there is no usable response
   * @throws InterruptedException if the thread was interrupted; the request may have arrived
   */
  public HttpResponse send(EgressRequest request) throws EgressException, InterruptedException {
    try (var response = open(request)) {
      return response.read();
    }
  }

  /**
   * Sends a request and follows redirects. The caller reads the body while it arrives, within the
   * limits of the request, and has to close the response.
   *
   * @throws EgressException if there is no response
   * @throws InterruptedException if the thread was interrupted; the request may have arrived
   */
  public StreamingResponse open(EgressRequest request)
      throws EgressException, InterruptedException {
    return open(request, true);
  }

  /** As {@link #open}, but a redirect is returned as the response. */
  public StreamingResponse openWithoutRedirects(EgressRequest request)
      throws EgressException, InterruptedException {
    return open(request, false);
  }

  private StreamingResponse open(EgressRequest request, boolean followsRedirects)
      throws EgressException, InterruptedException {
    long deadline = request.timeouts().deadline();
    var origin = TargetUrl.parse(request.url());
    var target = origin;
    var method = request.method().toUpperCase(Locale.ROOT);
    var body = request.body();
    for (int hops = 0; ; hops++) {
      requireAllowed(request, target, hops > 0);
      var headers = headers(request, body, target.sameOrigin(origin));
      var response = exchange(request, target, method, headers, body, deadline, hops > 0);
      if (!followsRedirects || !response.isRedirect() || !forTools && !staysAt(origin, response)) {
        return response;
      }
      response.close();
      if (hops == MAX_REDIRECTS) {
        throw new EgressException(
            EgressException.Kind.BROKEN, true, "The address redirects more than 5 times.");
      }
      boolean keepsMethod = response.status() == 307 || response.status() == 308;
      if (!keepsMethod && !method.equals("GET") && !method.equals("HEAD")) {
        method = "GET";
        body = null;
      }
      target = next(target, response.header("location").orElseThrow());
    }
  }

  private StreamingResponse exchange(
      EgressRequest request,
      TargetUrl target,
      String method,
      Map<String, String> headers,
      RequestBody body,
      long deadline,
      boolean redirected)
      throws EgressException, InterruptedException {
    if (permits != null
        && !permits.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      throw EgressException.exhausted(redirected);
    }
    boolean opened = false;
    try {
      var options =
          new RequestOptions()
              .setMethod(HttpMethod.valueOf(method))
              .setHost(target.host())
              .setPort(target.port())
              .setSsl(target.isSecure())
              .setURI(target.pathAndQuery());
      headers.forEach(options::putHeader);
      var exchange = connect(options, target, body, request.timeouts(), deadline);
      opened = true;
      return new StreamingResponse(
          exchange, request.timeouts(), deadline, request.maxBytes(), this::release);
    } catch (IOException e) {
      var failure = EgressException.of(e, deadline);
      if (!failure.mayHaveArrived()) {
        var located = failure.at(target.origin());
        LOG.warnf("egress_failed kind=%s %s", failure.kind(), located.getMessage());
        failure = forTools ? located : failure;
      }
      throw redirected ? failure.afterArrival() : failure;
    } finally {
      if (!opened) {
        release();
      }
    }
  }

  private void release() {
    if (permits != null) {
      permits.release();
    }
  }

  /** Sends the request over a connection to the first address that accepts one. */
  private HttpExchange connect(
      RequestOptions options, TargetUrl target, RequestBody body, Timeouts timeouts, long deadline)
      throws IOException, InterruptedException {
    var proxy = proxies.proxyFor(target.isSecure(), target.host(), target.port());
    var addresses = addresses(target.host(), proxy.isPresent());
    var lane = connections.emptiestLane();
    if (proxy.isPresent()) {
      options.setProxyOptions(proxy.get());
      return HttpExchange.send(lane, options, body, timeouts.untilHead(deadline));
    }
    for (int i = 0; ; i++) {
      options.setServer(
          SocketAddress.inetSocketAddress(target.port(), addresses.get(i).getHostAddress()));
      try {
        return HttpExchange.send(lane, options, body, timeouts.untilHead(deadline));
      } catch (HttpExchange.ConnectException e) {
        if (i + 1 == Math.min(addresses.size(), MAX_ADDRESSES)) {
          throw e;
        }
      }
    }
  }

  /** Through a proxy, names need not be known to this machine. */
  private List<InetAddress> addresses(String host, boolean proxied)
      throws UnknownHostException, InterruptedException {
    try {
      return dns.resolve(host);
    } catch (PolicyDnsResolver.RefusedException e) {
      throw e;
    } catch (UnknownHostException e) {
      if (proxied) {
        return List.of();
      }
      throw e;
    }
  }

  private Map<String, String> headers(EgressRequest request, RequestBody body, boolean trusted) {
    var headers = new LinkedHashMap<String, String>();
    if (forTools) {
      headers.put("accept-encoding", "gzip, deflate");
    }
    put(headers, request.headers());
    if (trusted) {
      put(headers, request.credentials());
    }
    if (body == null) {
      headers.remove("content-type");
    }
    TraceHeaders.addCurrent(headers::putIfAbsent);
    return headers;
  }

  private static void put(Map<String, String> headers, Map<String, String> more) {
    more.forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
  }

  private static boolean staysAt(TargetUrl origin, StreamingResponse response) {
    try {
      return (response.status() == 307 || response.status() == 308)
          && next(origin, response.header("location").orElseThrow()).sameOrigin(origin);
    } catch (EgressException _) {
      return false;
    }
  }

  private static TargetUrl next(TargetUrl from, String location) throws EgressException {
    try {
      var next = TargetUrl.parse(from.uri().resolve(new URI(location.strip())).toString());
      if (from.isSecure() && !next.isSecure()) {
        throw EgressException.refused("The address redirects from https to http.");
      }
      return next;
    } catch (URISyntaxException e) {
      throw EgressException.refused("The address redirects to what is not a URL.").afterArrival();
    } catch (EgressException e) {
      throw e.afterArrival();
    }
  }

  private static void requireAllowed(EgressRequest request, TargetUrl target, boolean redirected)
      throws EgressException {
    for (var domains : request.domains()) {
      var objection = domains.objection(target.host());
      if (objection.isPresent()) {
        var refused = EgressException.refused(objection.get());
        throw redirected ? refused.afterArrival() : refused;
      }
    }
  }
}
