package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelsConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** An embedding model of the default provider, asked over {@code POST /embeddings}. */
final class ProviderEmbeddings implements EmbeddingModel {
  private static final String DEFAULT_ADDRESS = "https://api.openai.com/v1";

  private final String model;
  private final ModelsConfig.Endpoint provider;
  private final ModelsConfig models;
  private final EmbeddingsConfig config;
  private HttpClient http;
  private volatile int dimensions;

  ProviderEmbeddings(String model, ModelsConfig models, EmbeddingsConfig config) {
    this.model = model;
    this.provider = models.openai();
    this.models = models;
    this.config = config;
  }

  @Override
  public String name() {
    return model;
  }

  /** Known once the provider has answered; asks it when it has not yet. */
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
    var request =
        HttpRequest.newBuilder(URI.create(address() + "/embeddings"))
            .timeout(config.timeout())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    provider.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    try {
      var response = http().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new ModelException(
            switch (response.statusCode()) {
              case 429 -> ModelException.Kind.RATE_LIMITED;
              case 400, 413, 422 -> ModelException.Kind.INVALID_PROMPT;
              default -> ModelException.Kind.PROVIDER_FAILED;
            },
            "The embedding provider answered with status %d.".formatted(response.statusCode()));
      }
      return vectors(Json.MAPPER.readTree(response.body()), texts.size());
    } catch (IOException e) {
      throw new ModelException(
          ModelException.Kind.PROVIDER_FAILED, "The embedding provider could not be reached.", e);
    }
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
            ModelException.Kind.PROVIDER_FAILED, "The embedding provider answered nonsense.");
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
          ModelException.Kind.PROVIDER_FAILED, "The embedding provider answered nonsense.");
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) length;
    }
    return vector;
  }

  private String address() {
    return provider.baseUrl().map(url -> url.replaceAll("/+$", "")).orElse(DEFAULT_ADDRESS);
  }

  private synchronized HttpClient http() {
    if (http == null) {
      http =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(models.connectTimeout())
              .build();
    }
    return http;
  }
}
