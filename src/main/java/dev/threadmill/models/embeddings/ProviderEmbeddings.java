package dev.threadmill.models.embeddings;

import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.http.ProviderTransport;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** An embedding model of the default provider. */
final class ProviderEmbeddings implements EmbeddingModel {
  private final String model;
  private final OptionalInt requested;
  private final int batch;
  private final EmbeddingsCall call;
  private volatile int dimensions;

  ProviderEmbeddings(
      String model,
      ModelsConfig models,
      EmbeddingsConfig config,
      ProviderTransport transport,
      InstantSource clock) {
    this.model = model;
    this.requested = config.dimensions();
    this.batch = config.batch();
    var provider =
        ProviderConfig.of(
            "openai",
            "openai",
            models.openai().baseUrl(),
            models.openai().apiKey(),
            "OPENAI_API_KEY");
    this.call = new EmbeddingsCall(transport, provider, config.timeout(), clock);
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
    for (int from = 0; from < texts.size(); from += batch) {
      vectors.addAll(call(texts.subList(from, Math.min(texts.size(), from + batch))));
    }
    return vectors;
  }

  private List<float[]> call(List<String> texts) throws InterruptedException {
    var inputs =
        texts.stream().map(text -> new EmbeddingInput.Text(text.isBlank() ? "." : text)).toList();
    var vectors =
        call.send(model, inputs, requested.isPresent() ? requested.getAsInt() : null).vectors();
    for (var vector : vectors) {
      boolean isOther = dimensions != 0 && vector.length != dimensions;
      if (isOther || !UnitVector.normalize(vector)) {
        throw invalid();
      }
      dimensions = vector.length;
    }
    return vectors;
  }

  private static ModelException invalid() {
    return new ModelException(
        ModelException.Kind.PROVIDER_FAILED,
        "The embedding provider returned an invalid response.");
  }
}
