package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Backoff;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.http.HttpOutcome;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Executes a call of the tool: asks the search server, within the egress policy. */
@ApplicationScoped
public class SearchWeb {
  private static final Logger LOG = Logger.getLogger(SearchWeb.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int MAX_RESPONSE = 4 << 20;

  private final EgressClient http;
  private final WebSearchConfig config;
  private final ToolsConfig tools;

  SearchWeb(EgressClient http, WebSearchConfig config, ToolsConfig tools) {
    this.http = http;
    this.config = config;
    this.tools = tools;
  }

  /**
   * Checks the settings.
   *
   * @throws InvalidSettingException if one of them cannot be used
   */
  public static void require(WebSearchConfig config) {
    config
        .url()
        .filter(url -> !ProviderConfig.isHttpUrl(url.strip()))
        .ifPresent(
            url -> {
              throw new InvalidSettingException(
                  "THREADMILL_WEB_SEARCH_URL", url, "is not an http or https address");
            });
  }

  /** The address of the search server; empty if none is configured. */
  Optional<String> url() {
    return config.url().map(String::strip);
  }

  /**
   * Searches for the query in the arguments.
   *
   * @throws InterruptedException if the run was stopped
   */
  ToolResult search(ToolContext context, WebSearchSpec spec, JsonNode arguments)
      throws InterruptedException {
    var text = StorableText.of(arguments.path("query").asText()).strip();
    if (text.isEmpty()) {
      return ToolResult.failed("invalid_arguments", "The query is empty.");
    }
    var query = new WebQuery(text, spec);
    var written =
        SearchRequests.of(
            config.api(), url().orElseThrow(), config.secret(), query, context.call().value());
    for (int tries = 0; ; tries++) {
      var outcome = attempt(context, written, query);
      if (!outcome.isRetryable() || tries == tools.retries()) {
        return outcome.result();
      }
      LOG.debugf("web search retried run_id=%s call_id=%s", context.run(), context.call());
      var wanted = outcome.retryAfter();
      Thread.sleep(
          wanted == null || wanted.compareTo(LONGEST_PAUSE) > 0
              ? new Backoff(tools.firstPause(), LONGEST_PAUSE).delay(tries + 1)
              : wanted);
    }
  }

  private HttpOutcome attempt(ToolContext context, SearchRequests.Written written, WebQuery query)
      throws InterruptedException {
    var body = written.body() == null ? null : written.body().getBytes(StandardCharsets.UTF_8);
    try {
      var response =
          http.send(
              new EgressRequest(
                  written.method(),
                  written.url(),
                  written.headers(),
                  written.credentials(),
                  body,
                  List.of(context.allowedDomains()),
                  config.timeout(),
                  MAX_RESPONSE));
      if (response.status() < 200 || response.status() >= 300) {
        return retryable(HttpOutcome.of(response));
      }
      var pages = ReadPages.of(config.api(), Json.MAPPER.readTree(response.text()), query);
      return HttpOutcome.ended(SearchResults.of(query.text(), pages));
    } catch (JsonProcessingException e) {
      return HttpOutcome.ended(
          ToolResult.failed("answer_unusable", "The answer of the search server is not JSON."));
    } catch (EgressException e) {
      return retryable(HttpOutcome.of(e));
    }
  }

  /** A search changes nothing, so one of which the outcome is unknown has failed. */
  private static HttpOutcome retryable(HttpOutcome outcome) {
    return outcome.result() instanceof ToolResult.OutcomeUnknown(var error)
        ? new HttpOutcome(new ToolResult.Failed(error), true, outcome.retryAfter())
        : outcome;
  }
}
