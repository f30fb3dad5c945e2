package dev.threadmill.tools.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.guard.SecretText;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.http.AccessTokenCache;
import dev.threadmill.tools.http.ResponseText;
import dev.threadmill.tools.http.StreamedResponseText;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;

/** Calls webhooks: proves who calls, signs, tries again what failed in passing, reads answers. */
@Singleton
public class CallWebhook {
  private static final Logger LOG = Logger.getLogger(CallWebhook.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final String DEFAULT_KEY_NAME = "X-API-Key";

  private final EgressClient http;
  private final SecretResolver secrets;
  private final AccessTokenCache tokens;
  private final ToolsConfig settings;
  private final InstantSource clock;

  CallWebhook(
      EgressClient http,
      SecretResolver secrets,
      AccessTokenCache tokens,
      ToolsConfig settings,
      InstantSource clock) {
    this.http = http;
    this.secrets = secrets;
    this.tokens = tokens;
    this.settings = settings;
    this.clock = clock;
  }

  /** What one try came to. */
  private sealed interface Attempt {
    record Succeeded(String output) implements Attempt {}

    record Failed(String output) implements Attempt {}

    /** The call surely had no effect, and may be made again after so long (null: as usual). */
    record Retryable(String output, Duration pause) implements Attempt {}

    /** The call may have had its effect. */
    record OutcomeUnknown(String output) implements Attempt {}

    /** The receiver did not accept this token. */
    record TokenRefused(String output, String token) implements Attempt {}
  }

  ToolResult call(WebhookTool tool, ToolContext context, JsonNode arguments)
      throws InterruptedException {
    WebhookRequest request;
    try {
      request = WebhookRequest.of(tool.spec(), arguments);
    } catch (WebhookRequest.UnusableArgumentException e) {
      return new ToolResult.Failed(ToolError.output("invalid_arguments", e.getMessage()));
    }
    int retries = tool.spec().retries() == null ? settings.retries() : tool.spec().retries();
    String refusedToken = null;
    for (int tries = 0; ; ) {
      var outcome = attempt(tool, context, request, refusedToken);
      Duration pause = null;
      switch (outcome) {
        case Attempt.Succeeded(var output) -> {
          return new ToolResult.Succeeded(output);
        }
        case Attempt.Failed(var output) -> {
          return new ToolResult.Failed(output);
        }
        case Attempt.TokenRefused(var output, var token) -> {
          if (refusedToken != null) {
            return new ToolResult.Failed(output);
          }
          refusedToken = token;
          continue;
        }
        case Attempt.OutcomeUnknown(var output) -> {
          boolean safe = tool.spec().effectiveMethod() == WebhookSpec.Method.GET;
          if (!safe && tool.onUnknown() != WebhookSpec.OnUnknown.RETRY) {
            return undecided(tool, output);
          }
          if (tries == retries) {
            return new ToolResult.Failed(output);
          }
        }
        case Attempt.Retryable(var output, var wanted) -> {
          if (tries == retries) {
            return new ToolResult.Failed(output);
          }
          pause = wanted;
        }
      }
      LOG.debugf("tool tried again run_id=%s call_id=%s", context.run(), context.call());
      Thread.sleep(pause == null ? pause(tries) : shorter(pause, LONGEST_PAUSE));
      tries++;
    }
  }

  private static ToolResult undecided(WebhookTool tool, String output) {
    return switch (tool.onUnknown()) {
      case ASK -> new ToolResult.OutcomeUnknown();
      case FAIL, RETRY -> new ToolResult.Failed(output);
    };
  }

  private Duration pause(int tries) {
    var doubled = settings.firstPause().multipliedBy(1L << Math.min(tries, 10));
    double jitter = 0.75 + ThreadLocalRandom.current().nextDouble() / 2;
    return shorter(Duration.ofMillis((long) (doubled.toMillis() * jitter)), LONGEST_PAUSE);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private Attempt attempt(
      WebhookTool tool, ToolContext context, WebhookRequest request, String refusedToken)
      throws InterruptedException {
    var spec = tool.spec();
    var timeout =
        spec.timeoutMs() == null ? settings.timeout() : Duration.ofMillis(spec.timeoutMs());
    var domains = List.of(context.allowedDomains(), new AllowedDomains(spec.allowedDomains()));
    try {
      var credentials = new Credentials(request.url());
      addHeaders(spec, context, credentials);
      addAuth(spec.auth(), context, domains, timeout, refusedToken, credentials);
      var headers = headers(spec, context, request);
      var body = request.body() == null ? null : request.body().getBytes(StandardCharsets.UTF_8);
      var outbound =
          new EgressRequest(
              spec.effectiveMethod().name(),
              credentials.url,
              headers,
              credentials.headers,
              body,
              domains,
              timeout,
              settings.maxAnswer());
      context.listener().onAttempt();
      return send(outbound, context.listener(), credentials.token);
    } catch (ToolException e) {
      return e.isRetryable()
          ? new Attempt.Retryable(e.output(), null)
          : new Attempt.Failed(e.output());
    } catch (EgressException e) {
      return failed(e);
    }
  }

  /** What shows the receiver who calls, and where it goes. */
  private static final class Credentials {
    final Map<String, String> headers = new LinkedHashMap<>();
    String url;
    String token;

    Credentials(String url) {
      this.url = url;
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
              open(context, spec.signingSecret()),
              context.call().value(),
              clock.instant(),
              request.body()));
    }
    return headers;
  }

  private void addHeaders(WebhookSpec spec, ToolContext context, Credentials credentials)
      throws ToolException {
    credentials.headers.putAll(secrets.headers(context.project(), spec.headers()));
  }

  private void addAuth(
      WebhookAuth auth,
      ToolContext context,
      List<AllowedDomains> domains,
      Duration timeout,
      String refusedToken,
      Credentials credentials)
      throws ToolException, InterruptedException {
    switch (auth) {
      case null -> {}
      case WebhookAuth.None _ -> {}
      case WebhookAuth.Bearer(var token) ->
          credentials.headers.put("Authorization", "Bearer " + open(context, token));
      case WebhookAuth.Basic(var username, var password) ->
          credentials.headers.put("Authorization", basic(username, open(context, password)));
      case WebhookAuth.ApiKey(var key, var name, var in) -> {
        var named = name == null ? DEFAULT_KEY_NAME : name;
        if (in == WebhookAuth.ApiKey.In.QUERY) {
          credentials.url +=
              (credentials.url.indexOf('?') < 0 ? "?" : "&")
                  + WebhookRequest.encoded(named)
                  + "="
                  + WebhookRequest.encoded(open(context, key));
        } else {
          credentials.headers.put(named, open(context, key));
        }
      }
      case WebhookAuth.OAuth2 oauth -> {
        if (oauth.clientId() == null || oauth.clientSecret() == null) {
          throw new ToolException(
              "authentication_failed",
              false,
              "The tool is not set up: its oauth2 needs a client_id and a client_secret.");
        }
        var secret = open(context, oauth.clientSecret());
        credentials.token =
            tokens.token(context.project(), oauth, secret, domains, timeout, refusedToken);
        credentials.headers.put("Authorization", "Bearer " + credentials.token);
      }
    }
  }

  private static String basic(String username, String password) {
    var pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private String open(ToolContext context, SecretText secret) throws ToolException {
    return secrets.open(context.project(), secret);
  }

  private Attempt send(EgressRequest request, ToolListener listener, String token)
      throws EgressException, InterruptedException {
    try (var answer = http.open(request)) {
      if (!StreamedResponseText.isStreamed(answer)) {
        return read(answer.read(), token);
      }
      try {
        return new Attempt.Succeeded(StreamedResponseText.read(answer, listener));
      } catch (IOException e) {
        throw answer.toFailure(e);
      }
    }
  }

  private static Attempt read(HttpResponse answer, String token) {
    int status = answer.status();
    if (status >= 200 && status < 300) {
      try {
        return new Attempt.Succeeded(ResponseText.of(answer));
      } catch (ToolException e) {
        return new Attempt.Failed(e.output());
      }
    }
    var output = ResponseText.ofError(answer);
    if (status == 401 && token != null) {
      return new Attempt.TokenRefused(output, token);
    }
    return switch (status) {
      case 408, 425, 429, 503 -> new Attempt.Retryable(output, ResponseText.retryAfter(answer));
      default -> status >= 500 ? new Attempt.OutcomeUnknown(output) : new Attempt.Failed(output);
    };
  }

  private static Attempt failed(EgressException e) {
    return switch (e.kind()) {
      case REFUSED -> new Attempt.Failed(ToolError.output("not_allowed", e.getMessage()));
      case TOO_LARGE ->
          new Attempt.Failed(
              ToolError.output("answer_unusable", "The call was made. " + e.getMessage()));
      case UNREACHABLE, TIMED_OUT, BROKEN -> {
        if (!e.mayHaveArrived()) {
          yield new Attempt.Retryable(ToolError.output("unreachable", e.getMessage()), null);
        }
        yield new Attempt.OutcomeUnknown(
            ToolError.output(
                "outcome_unknown",
                e.getMessage() + " Nobody knows whether the call had its effect."));
      }
    };
  }
}
