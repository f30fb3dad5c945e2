package dev.threadmill.egress;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The only way by which tools call the outside. Every host on the way, redirects included, has to
 * be allowed by name and, after resolution, by address; the address that was checked is the one
 * that is connected to. Time and size are bounded, and an interrupt of the calling thread ends the
 * call. Nothing is tried twice here, no cookies are kept, no proxy is used.
 */
@Singleton
public class EgressClient {
  private static final int MOST_REDIRECTS = 5;
  private static final int MOST_PER_HOST = 64;
  private static final int LONGEST_HEADER_LINE = 16_384;
  private static final int MOST_HEADERS = 200;

  private final CloseableHttpClient client;
  private final ScheduledExecutorService alarm =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("egress-deadlines").daemon().factory());

  @Inject
  EgressClient(EgressPolicy policy, EgressConfig settings) {
    this(policy, HostResolver.SYSTEM, settings.connectTimeout(), settings.connections());
  }

  /** A client of its own, with its own connections. */
  public EgressClient(
      EgressPolicy policy, HostResolver resolver, Duration connectTimeout, int connections) {
    var wires =
        ManagedHttpClientConnectionFactory.builder()
            .http1Config(
                Http1Config.custom()
                    .setMaxLineLength(LONGEST_HEADER_LINE)
                    .setMaxHeaderCount(MOST_HEADERS)
                    .build())
            .build();
    var pool =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setConnectionFactory(wires)
            .setDnsResolver(new PolicyDnsResolver(policy, resolver, connectTimeout))
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(Timeout.of(connectTimeout))
                    .setValidateAfterInactivity(TimeValue.ofSeconds(1))
                    .setTimeToLive(TimeValue.ofMinutes(1))
                    .build())
            .setMaxConnTotal(connections)
            .setMaxConnPerRoute(Math.min(MOST_PER_HOST, connections))
            .build();
    this.client =
        HttpClients.custom()
            .setConnectionManager(pool)
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableDefaultUserAgent()
            .evictIdleConnections(TimeValue.ofSeconds(30))
            .build();
  }

  @PreDestroy
  void close() throws IOException {
    alarm.shutdownNow();
    client.close();
  }

  /**
   * Calls, follows redirects, and reads the whole answer.
   *
   * @throws HttpFailure if no answer came that can be used
   * @throws InterruptedException if the thread was interrupted; the request may have arrived
   */
  public HttpResponse send(EgressRequest request) throws EgressException, InterruptedException {
    try (var answer = open(request)) {
      return answer.read();
    }
  }

  /**
   * Calls and follows redirects; the caller reads the answer while it comes in, within the bounds
   * of the request, and has to close it.
   *
   * @throws HttpFailure if no answer came
   * @throws InterruptedException if the thread was interrupted; the request may have arrived
   */
  public StreamingResponse open(EgressRequest request)
      throws EgressException, InterruptedException {
    var deadline = System.nanoTime() + request.timeout().toNanos();
    var origin = TargetUrl.parse(request.url());
    var target = origin;
    var method = request.method().toUpperCase(Locale.ROOT);
    var body = request.body();
    for (int hops = 0; ; hops++) {
      requireAllowed(request, target, hops > 0);
      var call = call(request, target, method, body, target.sameOrigin(origin));
      var answer = exchange(call, request, deadline, hops > 0);
      if (!answer.isRedirect()) {
        return answer;
      }
      answer.close();
      if (hops == MOST_REDIRECTS) {
        throw new EgressException(
            EgressException.Kind.BROKEN, true, "The address redirects more than 5 times.");
      }
      boolean keepsMethod = answer.status() == 307 || answer.status() == 308;
      if (!keepsMethod && !method.equals("GET") && !method.equals("HEAD")) {
        method = "GET";
        body = null;
      }
      target = next(target, answer.header("location").orElseThrow());
    }
  }

  private StreamingResponse exchange(
      HttpUriRequestBase call, EgressRequest request, long deadline, boolean redirected)
      throws EgressException, InterruptedException {
    long left = deadline - System.nanoTime();
    var watch =
        new CallDeadline(
            call, alarm.schedule(call::abort, Math.max(0, left), TimeUnit.NANOSECONDS));
    try {
      if (left <= 0) {
        throw new EgressException(
            EgressException.Kind.TIMED_OUT, redirected, StreamingResponse.TOO_SLOW);
      }
      var response = client.executeOpen(null, call, null);
      return new StreamingResponse(response, watch, deadline, request.maxBytes());
    } catch (IOException e) {
      watch.cancel();
      var failure = StreamingResponse.failure(e, deadline);
      throw redirected ? failure.afterArrival() : failure;
    } catch (RuntimeException | EgressException e) {
      watch.cancel();
      throw e;
    }
  }

  private static TargetUrl next(TargetUrl from, String location) throws EgressException {
    try {
      var next = TargetUrl.parse(from.uri().resolve(new URI(location.strip())).toString());
      if (from.isSecure() && !next.isSecure()) {
        throw EgressException.refused("The address redirects from https to http.");
      }
      return next;
    } catch (java.net.URISyntaxException e) {
      throw EgressException.refused("The address redirects to what is not a URL.").afterArrival();
    } catch (EgressException e) {
      throw e.afterArrival();
    }
  }

  private static void requireAllowed(EgressRequest request, TargetUrl target, boolean redirected)
      throws EgressException {
    for (var domains : request.domains()) {
      if (!domains.allows(target.host())) {
        var refused =
            EgressException.refused(
                "The host '%s' is not among the allowed domains.".formatted(target.host()));
        throw redirected ? refused.afterArrival() : refused;
      }
    }
  }

  private static HttpUriRequestBase call(
      EgressRequest request, TargetUrl target, String method, byte[] body, boolean trusted) {
    var call = new HttpUriRequestBase(method, target.uri());
    request.headers().forEach(call::setHeader);
    if (trusted) {
      request.credentials().forEach(call::setHeader);
    }
    if (body != null) {
      var type = request.headers().get("Content-Type");
      call.setEntity(new ByteArrayEntity(body, type == null ? null : ContentType.parse(type)));
    } else {
      call.removeHeaders("Content-Type");
    }
    call.setConfig(
        RequestConfig.custom()
            .setConnectionRequestTimeout(Timeout.of(request.timeout()))
            .setResponseTimeout(Timeout.of(request.timeout()))
            .setRedirectsEnabled(false)
            .build());
    return call;
  }
}
