package dev.threadmill.models.moderations;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.http.ProviderPost;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.registry.ModelRegistry;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Moderations over HTTP: passed on to the provider of the model, if it has them. */
@Path("/v1/moderations")
@RunOnVirtualThread
@Tag(name = "Moderations", description = "Whether texts and images may be harmful")
public class ModerationsResource {
  private static final long MAX_RESPONSE_BYTES = 8L * 1024 * 1024;

  private final ModelRegistry models;
  private final ModelsConfig config;
  private final ProviderTransport transport;
  private final Metering metering;
  private final LearnedFacts learned;
  private final Ids ids;
  private final InstantSource clock;

  ModerationsResource(
      ModelRegistry models,
      ModelsConfig config,
      ProviderTransport transport,
      Metering metering,
      LearnedFacts learned,
      Ids ids,
      InstantSource clock) {
    this.models = models;
    this.config = config;
    this.transport = transport;
    this.metering = metering;
    this.learned = learned;
    this.ids = ids;
    this.clock = clock;
  }

  @POST
  @Operation(
      summary = "Create a moderation",
      description =
          "Passed on to the provider of the model. A model whose provider has no moderations is a 400.")
  public ModerationList create(ModerationRequest request) throws InterruptedException {
    var model = request.modelOrDefault();
    models.requireMapped(model);
    var location =
        models
            .locate(model)
            .filter(at -> at.provider().hasModerations())
            .orElseThrow(() -> unavailable(model));
    var provider = location.provider();
    var name = provider.pinnedName(location.nameAtProvider(), model);
    var body = Json.MAPPER.createObjectNode().put("model", name).set("input", request.input());
    var post =
        new ProviderPost(
            transport, provider, provider.answerTimeout(config), MAX_RESPONSE_BYTES, clock);
    var reservation =
        metering.reserve(
            location.info(), ModelOperation.MODERATIONS, null, () -> tokens(request.input()));
    boolean isCompleted = false;
    try {
      var moderated =
          RetryPolicy.of(config, learned.pace(provider.name(), location.nameAtProvider()))
              .call(
                  provider.name(),
                  _ ->
                      post.send(
                          "/moderations",
                          Json.write(body).getBytes(StandardCharsets.UTF_8),
                          name,
                          answer -> read(answer, model)),
                  _ -> {});
      isCompleted = true;
      return moderated;
    } catch (ModelException e) {
      throw ModelErrors.of(e, model, "input");
    } finally {
      reservation.settle(isCompleted ? tokens(request.input()) : 0, isCompleted);
    }
  }

  /** The tokens of all texts of the input, by this server's count. */
  private static int tokens(JsonNode input) {
    if (input.isTextual()) {
      return TokenCounter.count(input.textValue());
    }
    int tokens = TokenCounter.count(input.path("text").asText(""));
    if (input.isArray()) {
      for (var element : input) {
        tokens += tokens(element);
      }
    }
    return tokens;
  }

  private ModerationList read(InputStream answer, String model) throws IOException {
    var json = Json.MAPPER.readTree(answer);
    if (json == null || !json.path("results").isArray()) {
      throw new JsonParseException(null, "there are no results");
    }
    var results = new ArrayList<JsonNode>();
    json.get("results").forEach(results::add);
    return new ModerationList(
        json.path("id").asText(ids.next("modr-")), json.path("model").asText(model), results);
  }

  private ApiException unavailable(String model) {
    var provider = models.locate(model).map(at -> at.provider().name());
    return ApiException.invalid(
        "model",
        "unsupported_value",
        provider
            .map(
                name ->
                    "The provider '%s' of the model '%s' is not known to have moderations. If it has, set 'moderations: true' for it in the models file, or THREADMILL_MODERATIONS=true for the default provider."
                        .formatted(name, model))
            .orElse(
                "This server has no provider of moderations for the model '%s'. OpenAI has them: set OPENAI_API_KEY, or describe a provider with 'moderations: true' in the models file."
                    .formatted(model)));
  }
}
