package dev.threadmill.models.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ProviderConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Asks providers for the names of their models. */
public final class ModelNames {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Timeouts LIMIT = Timeouts.total(Duration.ofSeconds(10));
  private static final int MAX_BYTES = 8 << 20;
  private static final String GEMINI_PREFIX = "models/";

  private ModelNames() {}

  /**
   * The names that a provider lists, as it is to be sent them.
   *
   * @throws IOException if it does not list any
   */
  public static List<String> of(ProviderTransport transport, ProviderConfig provider)
      throws IOException, InterruptedException {
    try (var response =
        transport.send(
            "GET", provider.endpoint(path(provider)), headers(provider), null, LIMIT, MAX_BYTES)) {
      if (response.status() != 200) {
        throw new IOException("status " + response.status());
      }
      return names(JSON.readTree(response.read().body()));
    } catch (EgressException e) {
      throw new IOException(e);
    }
  }

  private static String path(ProviderConfig provider) {
    return switch (provider.type()) {
      case "ollama" -> "/api/tags";
      case "anthropic" -> "/models?limit=1000";
      case "gemini" -> "/models?pageSize=1000";
      default -> "/models";
    };
  }

  private static Map<String, String> headers(ProviderConfig provider) {
    var headers = new HashMap<String, String>();
    headers.put("accept", "application/json");
    provider
        .apiKey()
        .ifPresent(
            key -> {
              switch (provider.type()) {
                case "anthropic" -> headers.put("x-api-key", key);
                case "gemini" -> headers.put("x-goog-api-key", key);
                default -> headers.put("authorization", "Bearer " + key);
              }
            });
    if (provider.type().equals("anthropic")) {
      headers.put("anthropic-version", "2023-06-01");
    }
    headers.putAll(provider.headers());
    return headers;
  }

  private static List<String> names(JsonNode listing) {
    var models = listing.isArray() ? listing : listing.path("data");
    var names = new ArrayList<String>();
    for (var model : models.isArray() ? models : listing.path("models")) {
      var name = model.path("id").asText(model.path("name").asText(""));
      names.add(name.startsWith(GEMINI_PREFIX) ? name.substring(GEMINI_PREFIX.length()) : name);
    }
    return names;
  }
}
