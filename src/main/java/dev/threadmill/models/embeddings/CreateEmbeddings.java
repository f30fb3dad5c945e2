package dev.threadmill.models.embeddings;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.Price;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.models.rehearsal.RehearsalModel;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Computes the vectors of texts for clients: with a built-in model if the request names one, or if
 * the server has no provider; else with the provider to which the name of the model leads.
 */
@ApplicationScoped
class CreateEmbeddings {
  private static final int MAX_BUILT_IN_CHARACTERS = 2_000_000;
  private static final int MAX_BUILT_IN_TOKENS = 300_000;
  private static final int MAX_BUILT_IN_TOKENS_OF_TEXT = 8_192;

  private final Embeddings embeddings;
  private final ModelRegistry models;
  private final RemoteEmbeddings remote;
  private final Metering metering;
  private final ObserveEmbeddings observer;

  CreateEmbeddings(
      Embeddings embeddings,
      ModelRegistry models,
      RemoteEmbeddings remote,
      Metering metering,
      ObserveEmbeddings observer) {
    this.observer = observer;
    this.embeddings = embeddings;
    this.models = models;
    this.remote = remote;
    this.metering = metering;
  }

  /**
   * @throws ModelException if the model failed or a limit does not allow the call
   */
  EmbeddingList create(EmbeddingsRequest request) throws InterruptedException {
    models.requireMapped(request.model());
    var weights = builtIn(request.model());
    if (weights.isPresent()) {
      return observer.observed(
          ModelInfo.IN_PROCESS,
          weights.get().modelName,
          () -> withBuiltIn(request, weights.get()),
          list -> list.usage().promptTokens());
    }
    var location =
        models.locate(request.model()).orElseThrow(() -> ModelErrors.unknownModel(request.model()));
    return observer.observed(
        location.info().ownedBy(),
        request.model(),
        () -> remote.create(request, location),
        list -> list.usage().promptTokens());
  }

  private Optional<LocalEmbeddings.Weights> builtIn(String model) {
    var named =
        Stream.of(LocalEmbeddings.Weights.values())
            .filter(weights -> model.equals(weights.modelName))
            .findFirst()
            .or(() -> Embeddings.weights(model));
    if (named.isPresent()) {
      return named;
    }
    var location = models.locate(model);
    boolean standsIn =
        location.isPresent()
            ? location.get().provider().type().equals(RehearsalModel.NAME)
            : model.equals(RehearsalModel.NAME) || models.isOffline();
    return standsIn ? Optional.of(embeddings.defaultBuiltIn()) : Optional.empty();
  }

  private EmbeddingList withBuiltIn(EmbeddingsRequest request, LocalEmbeddings.Weights weights)
      throws InterruptedException {
    var model = embeddings.builtIn(weights);
    if (request.dimensions() != null && request.dimensions() > model.dimensions()) {
      throw ApiException.invalid(
          "dimensions",
          "Invalid 'dimensions': the vectors of the model '%s' have %d numbers and can be shortened, not extended."
              .formatted(model.name(), model.dimensions()));
    }
    var texts = EmbeddingTexts.decoded(request.input(), model.name());
    int tokens = count(texts, model.name());
    var info =
        new ModelInfo(
                model.name(),
                ModelInfo.IN_PROCESS,
                MAX_BUILT_IN_TOKENS_OF_TEXT,
                1,
                false,
                false,
                false,
                false)
            .priced(Price.FREE);
    var reservation =
        metering.reserve(info, ModelOperation.EMBEDDINGS, request.user(), () -> tokens);
    long used = 0;
    try {
      var embedded = model.embedForClient(texts);
      used = embedded.promptTokens();
      return EmbeddingList.of(
          model.name(),
          shortened(embedded.vectors(), request.dimensions()),
          request.encodingFormat(),
          used);
    } finally {
      reservation.settle(used, used > 0);
    }
  }

  /** The tokens, as another model counts them; 400 if they are more than is computed at once. */
  private static int count(List<String> texts, String model) {
    if (texts.stream().mapToLong(String::length).sum() > MAX_BUILT_IN_CHARACTERS) {
      throw tooLong(model, MAX_BUILT_IN_CHARACTERS + " characters");
    }
    int all = 0;
    for (int i = 0; i < texts.size(); i++) {
      int tokens = TokenCounter.count(texts.get(i));
      if (tokens > MAX_BUILT_IN_TOKENS_OF_TEXT) {
        throw ApiException.invalid(
            "input[%d]".formatted(i),
            "Invalid 'input[%d]': the text has %d tokens, and the model '%s' takes texts of at most %d tokens."
                .formatted(i, tokens, model, MAX_BUILT_IN_TOKENS_OF_TEXT));
      }
      all += tokens;
    }
    if (all > MAX_BUILT_IN_TOKENS) {
      throw tooLong(model, MAX_BUILT_IN_TOKENS + " tokens");
    }
    return all;
  }

  private static ApiException tooLong(String model, String most) {
    return ApiException.invalid(
        "input",
        "Invalid 'input': the texts of a request for the model '%s' have at most %s in all."
            .formatted(model, most));
  }

  /** The first numbers of each vector, as a vector of length 1. */
  private static List<float[]> shortened(List<float[]> vectors, Integer dimensions) {
    if (dimensions == null) {
      return vectors;
    }
    var shorter = new ArrayList<float[]>(vectors.size());
    for (var vector : vectors) {
      var part = Arrays.copyOf(vector, dimensions);
      UnitVector.normalize(part);
      shorter.add(part);
    }
    return shorter;
  }
}
