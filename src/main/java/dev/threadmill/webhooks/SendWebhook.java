package dev.threadmill.webhooks;

import dev.threadmill.api.StorableText;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressConfig;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressPolicy;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HostResolver;
import dev.threadmill.egress.ProxyRules;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import dev.threadmill.projects.Residency;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Sends one delivery: signed, to an address that the policy for tools allows, without following
 * redirects. It has connections of its own, so that webhooks and tools do not wait for each other.
 */
@ApplicationScoped
class SendWebhook {
  private static final Logger LOG = Logger.getLogger(SendWebhook.class);
  private static final int MAX_RESPONSE_BYTES = 16_384;
  private static final int MAX_ERROR = 500;

  private final EgressClient http;
  private final SecretBox secrets;
  private final WebhooksConfig config;
  private final InstantSource clock;
  private final Residency residency;

  SendWebhook(
      Vertx vertx,
      EgressPolicy policy,
      EgressConfig egress,
      SecretBox secrets,
      WebhooksConfig config,
      InstantSource clock,
      Residency residency) {
    this.residency = residency;
    this.http =
        EgressClient.forTools(
            vertx,
            policy,
            HostResolver.SYSTEM,
            ProxyRules.of(egress),
            egress.connectTimeout(),
            config.connections());
    this.secrets = secrets;
    this.config = config;
    this.clock = clock;
  }

  @PreDestroy
  void close() {
    http.close();
  }

  /**
   * The outcome of an attempt.
   *
   * @param statusCode of the response; null without one
   * @param error why it does not count as delivered; null if it does
   * @param retryAfter the wait that the receiver asks for; null if it asks for none
   * @param isLocal whether nothing was sent because this node lacked a connection
   */
  record Outcome(
      Integer statusCode, String error, long latencyMs, Duration retryAfter, boolean isLocal) {
    private static Outcome failed(String error, long latencyMs) {
      return new Outcome(null, error, latencyMs, null, false);
    }

    boolean isDelivered() {
      return error == null;
    }
  }

  /**
   * Sends a body once.
   *
   * @param id the header {@code webhook-id}, the same in each attempt
   * @throws InterruptedException if the thread was interrupted; the request may have arrived
   */
  Outcome send(WebhookEndpoint endpoint, String id, String body) throws InterruptedException {
    long started = System.nanoTime();
    try (var response = http.openWithoutRedirects(request(endpoint, id, body))) {
      int status = response.status();
      var text = text(response);
      boolean arrived = status >= 200 && status < 300;
      return new Outcome(
          status,
          arrived ? null : error(status, text),
          millisSince(started),
          response.header("retry-after").flatMap(this::pause).orElse(null),
          false);
    } catch (EgressException e) {
      return new Outcome(null, e.getMessage(), millisSince(started), null, e.isLocal());
    } catch (RuntimeException e) {
      LOG.errorf(e, "webhook failed unexpectedly endpoint_id=%s", endpoint.id());
      return Outcome.failed("The attempt failed unexpectedly.", millisSince(started));
    } catch (SecretBox.UndecryptableException e) {
      return Outcome.failed("The signing secret cannot be decrypted.", 0);
    }
  }

  /** The body of a response; empty if it is too large or breaks off. Its status counts alone. */
  private static String text(StreamingResponse response) throws InterruptedException {
    try {
      return response.read().text();
    } catch (EgressException e) {
      return "";
    }
  }

  private EgressRequest request(WebhookEndpoint endpoint, String id, String body)
      throws SecretBox.UndecryptableException {
    long seconds = clock.instant().getEpochSecond();
    var signature = WebhookSignature.header(opened(endpoint), id, seconds, body);
    return new EgressRequest(
        "POST",
        endpoint.url(),
        Map.of(
            "content-type",
            "application/json",
            "user-agent",
            "Threadmill-Webhooks",
            "webhook-id",
            id,
            "webhook-timestamp",
            Long.toString(seconds),
            "webhook-signature",
            signature),
        Map.of(),
        body.getBytes(StandardCharsets.UTF_8),
        List.of(residency.restrict(endpoint.project(), AllowedDomains.ANY)),
        config.timeout(),
        MAX_RESPONSE_BYTES);
  }

  private List<String> opened(WebhookEndpoint endpoint) throws SecretBox.UndecryptableException {
    var opened = new ArrayList<String>();
    opened.add(secrets.open(endpoint.project(), new SecretText.Sealed(endpoint.secret())));
    if (endpoint.oldSecret() != null) {
      opened.add(secrets.open(endpoint.project(), new SecretText.Sealed(endpoint.oldSecret())));
    }
    return opened;
  }

  private static String error(int status, String text) {
    if (status >= 300 && status < 400) {
      return "The endpoint redirects (status %d), which is not followed.".formatted(status);
    }
    var shown = StorableText.of(text);
    return "The endpoint answered with status %d%s"
        .formatted(
            status,
            shown.isBlank() ? "." : ": " + shown.substring(0, Math.min(MAX_ERROR, shown.length())));
  }

  private static long millisSince(long started) {
    return (System.nanoTime() - started) / 1_000_000;
  }

  /** The value of {@code Retry-After}: seconds or an HTTP date; empty for anything else. */
  private Optional<Duration> pause(String text) {
    if (text.matches("[0-9]{1,6}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      var until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      var pause = Duration.between(clock.instant(), until);
      return pause.isNegative() ? Optional.empty() : Optional.of(pause);
    } catch (DateTimeException | ArithmeticException e) {
      return Optional.empty();
    }
  }
}
