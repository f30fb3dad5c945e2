package dev.threadmill.models.registry;

import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.Price;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.time.InstantSource;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The models over HTTP. */
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
   * @param created when this server was started, in seconds
   * @param contextWindow in tokens; null if it is not known, like the two that follow
   */
  public record ModelObject(
      String id,
      String object,
      long created,
      String ownedBy,
      Integer contextWindow,
      Integer maxOutputTokens,
      Capabilities capabilities,
      String tier,
      String region,
      Price price) {}

  /** What a model can do. */
  public record Capabilities(
      boolean tools, boolean images, boolean files, boolean audio, boolean reasoning) {}

  @GET
  @Operation(
      summary = "List models",
      description =
          "The models of the models file, those that the configured providers list, and the"
              + " rehearsal model, which is the last. A provider that does not respond within three"
              + " seconds is left out.")
  public ModelList list() {
    return new ModelList("list", models.all().stream().map(this::shown).toList());
  }

  @GET
  @Path("{model: .+}")
  @Operation(summary = "Retrieve a model")
  public ModelObject get(@PathParam("model") String model) {
    return models
        .describe(model)
        .map(this::shown)
        .orElseThrow(() -> ModelErrors.unknownModel(model));
  }

  private ModelObject shown(ModelInfo info) {
    boolean known = models.isDescribed(info.name());
    return new ModelObject(
        info.name(),
        "model",
        started,
        info.ownedBy(),
        known ? info.contextWindow() : null,
        known ? info.maxOutput() : null,
        known
            ? new Capabilities(
                info.tools(), info.images(), info.files(), info.audio(), info.reasoning())
            : null,
        info.tier(),
        info.region(),
        info.price());
  }
}
