package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.http.ProviderTransport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An embedding model of the default provider, by {@code POST /embeddings}. */
final class ProviderEmbeddings implements EmbeddingModel {
  private static final long MAX_RESPONSE_BYTES = 64L * 1024 * 1024;
  private static final String DEFAULT_ADDRESS = "https://api.openai.com/v1";

  private final String model;
  private final ModelsConfig.Endpoint provider;
  private final EmbeddingsConfig config;
  private final ProviderTransport transport;
  private volatile int dimensions;

  ProviderEmbeddings(
      String model, ModelsConfig models, EmbeddingsConfig config, ProviderTransport transport) {
    this.model = model;
    this.provider = models.openai();
    this.transport = transport;
    this.config = config;
  }

  @Override
  public String name() {
    return model;
  }

  /** The length of the first vector that the provider returned; requests one if there is none. */
  @Override
  public int dimensions() {
    if (dimensions == 0) {
      try {
        embed(List.of("dimensions"));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ModelException(ModelException.Kind.PROVIDER_FAILED, "Interrupted.", e);
      }
    }
    return dimensions;
  }

  @Override
  public float[] embedQuery(String query) throws InterruptedException {
    return embed(List.of(query)).getFirst();
  }

  @Override
  public List<float[]> embed(List<String> texts) throws InterruptedException {
    var vectors = new ArrayList<float[]>(texts.size());
    for (int from = 0; from < texts.size(); from += config.batch()) {
      vectors.addAll(call(texts.subList(from, Math.min(texts.size(), from + config.batch()))));
    }
    return vectors;
  }

  private List<float[]> call(List<String> texts) throws InterruptedException {
    ObjectNode body = Json.MAPPER.createObjectNode().put("model", model);
    var input = body.putArray("input");
    texts.forEach(text -> input.add(text.isBlank() ? "." : text));
    config.dimensions().ifPresent(size -> body.put("dimensions", size));
    var headers = new HashMap<>(Map.of("content-type", "application/json"));
    provider.apiKey().ifPresent(key -> headers.put("authorization", "Bearer " + key));
    try (var response =
        transport.send(
            "POST",
            address() + "/embeddings",
            headers,
            RequestBody.of(body.toString().getBytes(StandardCharsets.UTF_8)),
            Timeouts.total(config.timeout()),
            MAX_RESPONSE_BYTES)) {
      if (response.status() != 200) {
        throw new ModelException(
            switch (response.status()) {
              case 429 -> ModelException.Kind.RATE_LIMITED;
              case 400, 413, 422 -> ModelException.Kind.INVALID_PROMPT;
              default -> ModelException.Kind.PROVIDER_FAILED;
            },
            "The embedding provider returned the status %d.".formatted(response.status()));
      }
      return vectors(Json.MAPPER.readTree(response.read().body()), texts.size());
    } catch (EgressException e) {
      throw failure("The embedding provider did not return a response.", e);
    } catch (IOException e) {
      throw failure("The embedding provider did not return JSON.", e);
    }
  }

  private static ModelException failure(String message, Exception cause) {
    return new ModelException(ModelException.Kind.PROVIDER_FAILED, message, cause);
  }

  private List<float[]> vectors(JsonNode answer, int expected) {
    var vectors = new float[expected][];
    for (var element : answer.path("data")) {
      int index = element.path("index").asInt(-1);
      var numbers = element.path("embedding");
      if (index >= 0 && index < expected && numbers.isArray() && !numbers.isEmpty()) {
        vectors[index] = normalized(numbers);
      }
    }
    for (var vector : vectors) {
      if (vector == null || (dimensions != 0 && vector.length != dimensions)) {
        throw new ModelException(
            ModelException.Kind.PROVIDER_FAILED,
            "The embedding provider returned an invalid response.");
      }
      dimensions = vector.length;
    }
    return List.of(vectors);
  }

  private static float[] normalized(JsonNode numbers) {
    var vector = new float[numbers.size()];
    double square = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) numbers.get(i).asDouble();
      square += vector[i] * vector[i];
    }
    double length = Math.sqrt(square);
    if (!(length > 0) || Double.isInfinite(length)) {
      throw new ModelException(
          ModelException.Kind.PROVIDER_FAILED,
          "The embedding provider returned an invalid response.");
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) length;
    }
    return vector;
  }

  private String address() {
    return provider.baseUrl().map(url -> url.replaceAll("/+$", "")).orElse(DEFAULT_ADDRESS);
  }
}
