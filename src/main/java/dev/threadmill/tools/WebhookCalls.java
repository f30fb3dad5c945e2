package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.guard.SecretText;
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
class WebhookCalls {
  private static final Logger LOG = Logger.getLogger(WebhookCalls.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final String DEFAULT_KEY_NAME = "X-API-Key";

  private final EgressClient http;
  private final OpenSecrets secrets;
  private final AccessTokens tokens;
  private final ToolSettings settings;
  private final InstantSource clock;

  WebhookCalls(
      EgressClient http,
      OpenSecrets secrets,
      AccessTokens tokens,
      ToolSettings settings,
      InstantSource clock) {
    this.http = http;
    this.secrets = secrets;
    this.tokens = tokens;
    this.settings = settings;
    this.clock = clock;
  }

  /** What one try came to. */
  private sealed interface Try {
    record Answered(String output) implements Try {}

    record Failed(String output) implements Try {}

    /** The call surely had no effect, and may be made again after so long (null: as usual). */
    record Passing(String output, Duration pause) implements Try {}

    /** The call may have had its effect. */
    record Doubtful(String output) implements Try {}

    /** The receiver did not accept this token. */
    record TokenRefused(String output, String token) implements Try {}
  }

  ToolOutcome call(WebhookTool tool, ToolContext context, JsonNode arguments)
      throws InterruptedException {
    WebhookRequest request;
    try {
      request = WebhookRequest.of(tool.spec(), arguments);
    } catch (WebhookRequest.UnusableArgumentException e) {
      return new ToolOutcome.Failed(ToolError.output("invalid_arguments", e.getMessage()));
    }
    int retries = tool.spec().retries() == null ? settings.retries() : tool.spec().retries();
    String refusedToken = null;
    for (int tries = 0; ; ) {
      var outcome = attempt(tool, context, request, refusedToken);
      Duration pause = null;
      switch (outcome) {
        case Try.Answered(var output) -> {
          return new ToolOutcome.Answered(output);
        }
        case Try.Failed(var output) -> {
          return new ToolOutcome.Failed(output);
        }
        case Try.TokenRefused(var output, var token) -> {
          if (refusedToken != null) {
            return new ToolOutcome.Failed(output);
          }
          refusedToken = token;
          continue;
        }
        case Try.Doubtful(var output) -> {
          boolean safe = tool.spec().effectiveMethod() == WebhookSpec.Method.GET;
          if (!safe && tool.onUnknown() != WebhookSpec.OnUnknown.RETRY) {
            return undecided(tool, output);
          }
          if (tries == retries) {
            return new ToolOutcome.Failed(output);
          }
        }
        case Try.Passing(var output, var wanted) -> {
          if (tries == retries) {
            return new ToolOutcome.Failed(output);
          }
          pause = wanted;
        }
      }
      LOG.debugf("tool tried again run_id=%s call_id=%s", context.run(), context.call());
      Thread.sleep(pause == null ? pause(tries) : shorter(pause, LONGEST_PAUSE));
      tries++;
    }
  }

  private static ToolOutcome undecided(WebhookTool tool, String output) {
    return switch (tool.onUnknown()) {
      case ASK -> new ToolOutcome.Undecided();
      case FAIL, RETRY -> new ToolOutcome.Failed(output);
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

  private Try attempt(
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
      context.listener().again();
      return send(outbound, context.listener(), credentials.token);
    } catch (ToolFailure e) {
      return e.isPassing() ? new Try.Passing(e.output(), null) : new Try.Failed(e.output());
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
      throws ToolFailure {
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
      throws ToolFailure {
    credentials.headers.putAll(secrets.headers(context.project(), spec.headers()));
  }

  private void addAuth(
      WebhookAuth auth,
      ToolContext context,
      List<AllowedDomains> domains,
      Duration timeout,
      String refusedToken,
      Credentials credentials)
      throws ToolFailure, InterruptedException {
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
          throw new ToolFailure(
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

  private String open(ToolContext context, SecretText secret) throws ToolFailure {
    return secrets.open(context.project(), secret);
  }

  private Try send(EgressRequest request, ToolListener listener, String token)
      throws EgressException, InterruptedException {
    try (var answer = http.open(request)) {
      if (!StreamedAnswer.is(answer)) {
        return read(answer.read(), token);
      }
      try {
        return new Try.Answered(StreamedAnswer.read(answer, listener));
      } catch (IOException e) {
        throw answer.toFailure(e);
      }
    }
  }

  private static Try read(HttpResponse answer, String token) {
    int status = answer.status();
    if (status >= 200 && status < 300) {
      try {
        return new Try.Answered(AnswerText.of(answer));
      } catch (ToolFailure e) {
        return new Try.Failed(e.output());
      }
    }
    var output = AnswerText.ofError(answer);
    if (status == 401 && token != null) {
      return new Try.TokenRefused(output, token);
    }
    return switch (status) {
      case 408, 425, 429, 503 -> new Try.Passing(output, AnswerText.retryAfter(answer));
      default -> status >= 500 ? new Try.Doubtful(output) : new Try.Failed(output);
    };
  }

  private static Try failed(EgressException e) {
    return switch (e.kind()) {
      case REFUSED -> new Try.Failed(ToolError.output("not_allowed", e.getMessage()));
      case TOO_LARGE ->
          new Try.Failed(
              ToolError.output("answer_unusable", "The call was made. " + e.getMessage()));
      case UNREACHABLE, TIMED_OUT, BROKEN -> {
        if (!e.mayHaveArrived()) {
          yield new Try.Passing(ToolError.output("unreachable", e.getMessage()), null);
        }
        yield new Try.Doubtful(
            ToolError.output(
                "outcome_unknown",
                e.getMessage() + " Nobody knows whether the call had its effect."));
      }
    };
  }
}
