package dev.threadmill.models.embeddings;

import dev.threadmill.api.WorkOwner;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.TokenCounter;
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
  private final ModelInfo info;
  private final Metering metering;
  private volatile int dimensions;

  ProviderEmbeddings(
      String model,
      ModelsConfig models,
      EmbeddingsConfig config,
      ProviderTransport transport,
      ModelInfo info,
      Metering metering,
      InstantSource clock) {
    this.info = info;
    this.metering = metering;
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
    var vectors = metered(inputs).vectors();
    for (var vector : vectors) {
      boolean isOther = dimensions != 0 && vector.length != dimensions;
      if (isOther || !UnitVector.normalize(vector)) {
        throw invalid();
      }
      dimensions = vector.length;
    }
    return vectors;
  }

  /** Counts the call for the project that it is made for. */
  private EmbeddedInputs metered(List<EmbeddingInput.Text> inputs) throws InterruptedException {
    var project = WorkOwner.project();
    if (project.isEmpty()) {
      return send(inputs);
    }
    var reservation =
        metering.reserveFor(project.get(), info, ModelOperation.EMBEDDINGS, () -> count(inputs));
    long used = 0;
    boolean isCompleted = false;
    try {
      var embedded = send(inputs);
      used = embedded.promptTokens() > 0 ? embedded.promptTokens() : count(inputs);
      isCompleted = true;
      return embedded;
    } catch (ModelException e) {
      // What has failed at the provider may have been computed, and paid for.
      used = e.kind() == ModelException.Kind.PROVIDER_FAILED ? count(inputs) : 0;
      throw e;
    } catch (InterruptedException e) {
      used = count(inputs);
      throw e;
    } finally {
      reservation.settle(used, isCompleted);
    }
  }

  private static int count(List<EmbeddingInput.Text> inputs) {
    return inputs.stream().mapToInt(input -> TokenCounter.count(input.text())).sum();
  }

  private EmbeddedInputs send(List<EmbeddingInput.Text> inputs) throws InterruptedException {
    return call.send(model, inputs, requested.isPresent() ? requested.getAsInt() : null);
  }

  private static ModelException invalid() {
    return new ModelException(
        ModelException.Kind.PROVIDER_FAILED,
        "The embedding provider returned an invalid response.");
  }
}
