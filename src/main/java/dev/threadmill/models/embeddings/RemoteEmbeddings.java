package dev.threadmill.models.embeddings;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.registry.ModelRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Computes vectors for clients at a provider, in batches: a long request is several short ones, so
 * that no single response is large.
 */
@ApplicationScoped
class RemoteEmbeddings {
  private static final int MAX_BATCH = 128;
  private static final int MAX_BATCH_CHARACTERS = 400_000;
  private static final int CHARACTERS_OF_TOKEN = 4;
  private static final int MAX_TOKENS_OF_CHARACTER = 4;
  private static final int MARGIN = 16;

  /** Their models take texts only. */
  private static final Set<String> WITHOUT_TOKENS = Set.of("ollama", "gemini");

  private final ProviderTransport transport;
  private final ModelsConfig models;
  private final EmbeddingsConfig config;
  private final Metering metering;
  private final LearnedFacts learned;
  private final InstantSource clock;

  RemoteEmbeddings(
      ProviderTransport transport,
      ModelsConfig models,
      EmbeddingsConfig config,
      Metering metering,
      LearnedFacts learned,
      InstantSource clock) {
    this.transport = transport;
    this.models = models;
    this.config = config;
    this.metering = metering;
    this.learned = learned;
    this.clock = clock;
  }

  /**
   * @throws ModelException if the provider failed or a limit does not allow the call
   */
  EmbeddingList create(EmbeddingsRequest request, ModelRegistry.Location location)
      throws InterruptedException {
    var provider = location.provider();
    if (provider.type().equals("anthropic")) {
      throw ApiException.invalid(
          "model",
          "Invalid 'model': the provider '%s' of the model '%s' has no embedding models."
              .formatted(provider.name(), request.model()));
    }
    var inputs = inputs(request, provider.type());
    var model = provider.pinnedName(location.nameAtProvider(), request.model());
    var call = new EmbeddingsCall(transport, provider, config.timeout(), clock);
    var reservation =
        metering.reserve(
            location.info(), ModelOperation.EMBEDDINGS, request.user(), () -> count(inputs));
    long used = 0;
    boolean isCompleted = false;
    try {
      var vectors = new ArrayList<float[]>(inputs.size());
      for (int from = 0; from < inputs.size(); ) {
        var batch = inputs.subList(from, endOfBatch(inputs, from));
        try {
          var embedded =
              RetryPolicy.of(models, learned.pace(provider.name(), location.nameAtProvider()))
                  .call(
                      provider.name(), _ -> call.send(model, batch, request.dimensions()), _ -> {});
          used += plausible(embedded.promptTokens(), batch);
          vectors.addAll(embedded.vectors());
        } catch (ModelException e) {
          // What has failed at the provider may have been computed, and paid for.
          used += e.kind() == ModelException.Kind.PROVIDER_FAILED ? count(batch) : 0;
          throw e;
        } catch (InterruptedException e) {
          // So may what the client did not wait for.
          used += count(batch);
          throw e;
        }
        from += batch.size();
      }
      isCompleted = true;
      return EmbeddingList.of(request.model(), vectors, request.encodingFormat(), used);
    } finally {
      reservation.settle(used, isCompleted);
    }
  }

  private static List<EmbeddingInput> inputs(EmbeddingsRequest request, String type) {
    if (!WITHOUT_TOKENS.contains(type)) {
      return request.input().all();
    }
    return EmbeddingTexts.decoded(request.input(), request.model()).stream()
        .<EmbeddingInput>map(EmbeddingInput.Text::new)
        .toList();
  }

  private static int endOfBatch(List<EmbeddingInput> inputs, int from) {
    long characters = 0;
    int to = from;
    while (to < inputs.size() && to < from + MAX_BATCH) {
      characters += characters(inputs.get(to));
      if (to > from && characters > MAX_BATCH_CHARACTERS) {
        break;
      }
      to++;
    }
    return to;
  }

  private static int characters(EmbeddingInput input) {
    return switch (input) {
      case EmbeddingInput.Text(var text) -> text.length();
      case EmbeddingInput.Tokens(var ids) -> CHARACTERS_OF_TOKEN * ids.length;
    };
  }

  private static int count(List<EmbeddingInput> inputs) {
    long tokens = 0;
    for (var input : inputs) {
      tokens +=
          switch (input) {
            case EmbeddingInput.Text(var text) -> TokenCounter.count(text);
            case EmbeddingInput.Tokens(var ids) -> ids.length;
          };
    }
    return (int) Math.min(Integer.MAX_VALUE, tokens);
  }

  /** The tokens that the provider reports; our count if it reports none, or impossibly many. */
  private static long plausible(long reported, List<EmbeddingInput> batch) {
    long most = 0;
    for (var input : batch) {
      most += MARGIN + (long) MAX_TOKENS_OF_CHARACTER * characters(input);
    }
    return reported > 0 && reported <= most ? reported : count(batch);
  }
}
