package dev.threadmill.tools.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Backoff;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.tools.FindToolFiles;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolFiles;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.http.HttpOutcome;
import dev.threadmill.tools.http.StreamedResponseText;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/** Calls webhooks: authenticates, signs, retries what failed transiently, reads responses. */
@Singleton
class CallWebhook {
  private static final Logger LOG = Logger.getLogger(CallWebhook.class);
  private static final String TYPE = "webhook";
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final EgressClient http;
  private final WebhookCredentials.Resolver credentials;
  private final SecretResolver secrets;
  private final ToolsConfig config;
  private final InstantSource clock;
  private final FindToolFiles files;

  CallWebhook(
      EgressClient http,
      WebhookCredentials.Resolver credentials,
      SecretResolver secrets,
      ToolsConfig config,
      InstantSource clock,
      FindToolFiles files) {
    this.http = http;
    this.credentials = credentials;
    this.secrets = secrets;
    this.config = config;
    this.clock = clock;
    this.files = files;
  }

  /**
   * What one attempt came to.
   *
   * @param refusedToken the access token that the receiver did not accept; null for none
   */
  private record Attempt(HttpOutcome outcome, String refusedToken) {
    Attempt(HttpOutcome outcome) {
      this(outcome, null);
    }
  }

  /**
   * Calls a webhook.
   *
   * @throws InterruptedException if the run was stopped
   */
  ToolResult call(WebhookTool tool, ToolContext context, JsonNode arguments)
      throws InterruptedException {
    WebhookRequest request;
    try {
      request = WebhookRequest.of(tool.spec(), arguments, files(tool, context));
    } catch (WebhookRequest.UnusableArgumentException e) {
      return ToolResult.failed("invalid_arguments", e.getMessage());
    }
    int retries = tool.spec().retries() == null ? config.retries() : tool.spec().retries();
    String refusedToken = null;
    for (int tries = 0; ; tries++) {
      var attempt = attempt(tool, context, request, refusedToken);
      if (attempt.refusedToken() != null && refusedToken == null) {
        refusedToken = attempt.refusedToken();
        attempt = attempt(tool, context, request, refusedToken);
      }
      var outcome = attempt.outcome();
      if (!isRetried(tool, outcome) || tries == retries) {
        return finalResult(tool, outcome.result());
      }
      LOG.debugf("webhook retried run_id=%s call_id=%s", context.run(), context.call());
      Thread.sleep(
          outcome.retryAfter() == null
              ? pause(tries)
              : shorter(outcome.retryAfter(), LONGEST_PAUSE));
    }
  }

  private ToolFiles files(WebhookTool tool, ToolContext context) {
    return files.of(context, List.of(tool.function().name(), TYPE));
  }

  private static boolean isRetried(WebhookTool tool, HttpOutcome outcome) {
    return outcome.isRetryable()
        || outcome.result() instanceof ToolResult.OutcomeUnknown
            && (isSafe(tool) || tool.onUnknown() == OnUnknown.RETRY);
  }

  /** A GET has no effect that a person could look for. */
  private static ToolResult finalResult(WebhookTool tool, ToolResult result) {
    return result instanceof ToolResult.OutcomeUnknown(var error) && isSafe(tool)
        ? new ToolResult.Failed(error)
        : result;
  }

  private static boolean isSafe(WebhookTool tool) {
    return tool.spec().effectiveMethod() == WebhookSpec.Method.GET;
  }

  private Duration pause(int tries) {
    return new Backoff(config.firstPause(), LONGEST_PAUSE).delay(tries + 1);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private Attempt attempt(
      WebhookTool tool, ToolContext context, WebhookRequest request, String refusedToken)
      throws InterruptedException {
    var spec = tool.spec();
    var timeout = spec.timeoutMs() == null ? config.timeout() : Duration.ofMillis(spec.timeoutMs());
    var domains = List.of(context.allowedDomains(), new AllowedDomains(spec.allowedDomains()));
    try {
      var identity =
          credentials.resolve(
              spec, context.project(), request.url(), domains, timeout, refusedToken);
      var body = request.body() == null ? null : request.body().getBytes(StandardCharsets.UTF_8);
      var outbound =
          new EgressRequest(
              spec.effectiveMethod().name(),
              identity.url(),
              headers(spec, context, request),
              identity.headers(),
              body,
              domains,
              timeout,
              config.maxAnswer());
      context.listener().onAttempt();
      return send(outbound, context.listener(), identity.token());
    } catch (ToolException e) {
      return new Attempt(new HttpOutcome(new ToolResult.Failed(e.error()), e.isRetryable(), null));
    } catch (EgressException e) {
      return new Attempt(HttpOutcome.of(e));
    }
  }

  private Map<String, String> headers(WebhookSpec spec, ToolContext context, WebhookRequest request)
      throws ToolException {
    var headers = new LinkedHashMap<>(request.headers());
    headers.put(
        "Accept",
        "application/json, text/*;q=0.9, application/x-ndjson;q=0.9, application/xml;q=0.8");
    headers.put("User-Agent", "Threadmill");
    headers.put("Idempotency-Key", context.call().value());
    if (request.body() != null) {
      headers.put("Content-Type", "application/json");
    }
    if (spec.signingSecret() != null) {
      headers.putAll(
          WebhookSignature.headers(
              secrets.open(context.project(), spec.signingSecret()),
              context.call().value(),
              clock.instant(),
              request.body()));
    }
    return headers;
  }

  private Attempt send(EgressRequest request, ToolListener listener, String token)
      throws EgressException, InterruptedException {
    try (var response = http.open(request)) {
      if (!StreamedResponseText.isStreamed(response)) {
        var whole = response.read();
        return new Attempt(
            HttpOutcome.of(whole), whole.status() == 401 && token != null ? token : null);
      }
      try {
        var text = StreamedResponseText.read(response, listener);
        return new Attempt(HttpOutcome.ended(ToolResult.text(text)));
      } catch (IOException e) {
        throw response.toFailure(e);
      }
    }
  }
}
