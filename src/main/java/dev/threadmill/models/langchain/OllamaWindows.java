package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.http.ProviderTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Asks Ollama servers for the context windows of their models: {@code num_ctx} where the model's
 * own file sets it, else what the model was trained for. A server is asked about a model every ten
 * minutes at most, whatever it answers.
 */
final class OllamaWindows {
  private static final Logger LOG = Logger.getLogger(OllamaWindows.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Timeouts LIMIT = Timeouts.total(Duration.ofSeconds(5));
  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_MODELS = 10_000;
  private static final Pattern NUM_CTX = Pattern.compile("(?m)^\\s*num_ctx\\s+(\\d{1,9})\\s*$");

  private final Cache<String, Boolean> asked =
      Caffeine.newBuilder()
          .maximumSize(MAX_MODELS)
          .expireAfterWrite(Duration.ofMinutes(10))
          .build();

  /** The window in tokens; empty if it is not known, or was asked for just before. */
  OptionalInt ask(ProviderTransport transport, ProviderConfig provider, String model)
      throws InterruptedException {
    var key = provider.name() + "\n" + model;
    if (asked.asMap().putIfAbsent(key, true) != null) {
      return OptionalInt.empty();
    }
    var headers = new HashMap<String, String>();
    headers.put("content-type", "application/json");
    headers.putAll(provider.headers());
    var body = JSON.createObjectNode().put("model", model);
    try (var response =
        transport.send(
            "POST",
            provider.endpoint("/api/show"),
            headers,
            RequestBody.of(JSON.writeValueAsBytes(body)),
            LIMIT,
            MAX_BYTES)) {
      return response.status() == 200
          ? window(JSON.readTree(response.read().body()))
          : OptionalInt.empty();
    } catch (EgressException | IOException e) {
      LOG.infof("window not known provider=%s reason=%s", provider.name(), e.getMessage());
      return OptionalInt.empty();
    }
  }

  private static OptionalInt window(JsonNode described) {
    var configured = NUM_CTX.matcher(described.path("parameters").asText(""));
    if (configured.find() && Integer.parseInt(configured.group(1)) > 0) {
      return OptionalInt.of(Integer.parseInt(configured.group(1)));
    }
    for (var field : described.path("model_info").properties()) {
      if (field.getKey().endsWith(".context_length") && field.getValue().asInt() > 0) {
        return OptionalInt.of(field.getValue().asInt());
      }
    }
    return OptionalInt.empty();
  }
}
