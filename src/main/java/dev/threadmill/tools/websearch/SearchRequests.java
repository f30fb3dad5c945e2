package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebSearchSpec;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes requests to search servers, in the form that each takes. */
final class SearchRequests {
  private static final int BRAVE_MAX_COUNT = 20;

  private SearchRequests() {}

  /**
   * A request.
   *
   * @param credentials headers that carry the secret
   * @param body null for none
   */
  record Written(
      String method,
      String url,
      Map<String, String> headers,
      Map<String, String> credentials,
      String body) {}

  /**
   * The request for a query.
   *
   * @param callId the same however often the request is sent
   */
  static Written of(
      WebSearchConfig.Api api, String url, Optional<String> secret, WebQuery query, String callId) {
    return switch (api) {
      case WEBHOOK -> webhook(url, secret, query, callId);
      case SEARXNG -> searxng(url, secret, query);
      case BRAVE -> brave(url, secret, query);
    };
  }

  private static Written webhook(
      String url, Optional<String> secret, WebQuery query, String callId) {
    var spec = query.spec();
    var body = Json.MAPPER.createObjectNode().put("query", query.text());
    body.put("max_results", query.maxPages());
    body.put("search_context_size", spec.effectiveSize().name().toLowerCase(Locale.ROOT));
    putDomains(body, spec.effectiveFilters());
    if (spec.userLocation() != null) {
      body.set("user_location", Json.MAPPER.valueToTree(spec.userLocation()));
    }
    var headers = headers();
    headers.put("Content-Type", "application/json");
    headers.put("Idempotency-Key", callId);
    return new Written("POST", url, headers, bearer(secret), body.toString());
  }

  private static void putDomains(ObjectNode body, WebSearchSpec.Filters filters) {
    if (!filters.allowed().isEmpty()) {
      body.set("allowed_domains", Json.MAPPER.valueToTree(filters.allowed()));
    }
    if (!filters.blocked().isEmpty()) {
      body.set("blocked_domains", Json.MAPPER.valueToTree(filters.blocked()));
    }
  }

  /** SearXNG knows languages, not places, so the place becomes part of no parameter. */
  private static Written searxng(String url, Optional<String> secret, WebQuery query) {
    var whole = with(url, Map.of("q", query.textWithSites(), "format", "json"));
    return new Written("GET", whole, headers(), bearer(secret), null);
  }

  private static Written brave(String url, Optional<String> secret, WebQuery query) {
    var parameters = new LinkedHashMap<String, String>();
    parameters.put("q", query.textWithSites());
    parameters.put("count", Integer.toString(Math.min(BRAVE_MAX_COUNT, query.maxPages())));
    parameters.put("text_decorations", "false");
    var place = query.spec().userLocation();
    var headers = headers();
    if (place != null) {
      put(parameters, "country", place.country());
      put(headers, "X-Loc-City", place.city());
      put(headers, "X-Loc-State-Name", place.region());
      put(headers, "X-Loc-Country", place.country());
      put(headers, "X-Loc-Timezone", place.timezone());
    }
    var credentials = new LinkedHashMap<String, String>();
    secret.ifPresent(key -> credentials.put("X-Subscription-Token", key));
    return new Written("GET", with(url, parameters), headers, credentials, null);
  }

  /** Adds what a header can hold. */
  private static void put(Map<String, String> values, String name, String value) {
    if (value != null && value.matches("[\\x20-\\x7e]{1,256}")) {
      values.put(name, value);
    }
  }

  private static LinkedHashMap<String, String> headers() {
    var headers = new LinkedHashMap<String, String>();
    headers.put("Accept", "application/json");
    headers.put("User-Agent", "Threadmill");
    return headers;
  }

  private static Map<String, String> bearer(Optional<String> secret) {
    return secret.map(key -> Map.of("Authorization", "Bearer " + key)).orElse(Map.of());
  }

  private static String with(String url, Map<String, String> parameters) {
    var whole = new StringBuilder(url);
    char separator = url.indexOf('?') < 0 ? '?' : '&';
    for (var parameter : parameters.entrySet()) {
      whole.append(separator).append(parameter.getKey()).append('=');
      whole.append(
          URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8).replace("+", "%20"));
      separator = '&';
    }
    return whole.toString();
  }
}
