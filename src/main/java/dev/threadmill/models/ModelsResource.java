package dev.threadmill.models;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.time.InstantSource;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The models over HTTP. Who calls is checked for all of {@code /v1} before it gets here. */
@Path("/v1/models")
@RunOnVirtualThread
@Tag(name = "Models", description = "What can be asked, and what it can do")
public class ModelsResource {
  private final ModelRegistry models;
  private final long started;

  ModelsResource(ModelRegistry models, InstantSource clock) {
    this.models = models;
    this.started = clock.instant().getEpochSecond();
  }

  /** The models, all on one page. */
  public record ModelList(String object, List<ModelObject> data) {}

  /**
   * A model on the wire.
   *
   * @param created when this server began to offer it, in seconds
   */
  public record ModelObject(
      String id,
      String object,
      long created,
      String ownedBy,
      int contextWindow,
      int maxOutputTokens,
      Capabilities capabilities,
      String tier,
      String region,
      ModelInfo.Price price) {}

  /** What a model can do. */
  public record Capabilities(boolean tools, boolean images, boolean audio, boolean reasoning) {}

  @GET
  @Operation(
      summary = "List models",
      description =
          "The models of the models file, and the rehearsal model. With a default provider, other"
              + " names are passed on to it and can be used all the same.")
  public ModelList list() {
    return new ModelList("list", models.all().stream().map(this::shown).toList());
  }

  @GET
  @Path("{model: .+}")
  @Operation(summary = "Retrieve a model")
  public ModelObject get(@PathParam("model") String model) {
    return models
        .find(model)
        .map(LanguageModel::info)
        .map(this::shown)
        .orElseThrow(() -> unknown(model));
  }

  /** 404 for a model that nobody answers to. */
  static ApiException unknown(String model) {
    return new ApiException(
        404,
        new ApiError(
            "The model '%s' does not exist or you do not have access to it.".formatted(model),
            ApiError.INVALID_REQUEST,
            "model",
            "model_not_found"));
  }

  private ModelObject shown(ModelInfo info) {
    return new ModelObject(
        info.name(),
        "model",
        started,
        info.ownedBy(),
        info.contextWindow(),
        info.maxOutput(),
        new Capabilities(info.tools(), info.images(), info.audio(), info.reasoning()),
        info.tier(),
        info.region(),
        info.price());
  }
}
