package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.guard.FilteredAnswer;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.privacy.PromptPrivacy;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.tracing.Tracing;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.InstantSource;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Chat completions over HTTP, with any model. They are not stored. */
@Path("/v1/chat/completions")
@RunOnVirtualThread
@Tag(name = "Chat", description = "Models without threads and runs")
public class ChatCompletionsResource {
  private final ModelRegistry models;
  private final Metering metering;
  private final ContentGate gate;
  private final RequestParts parts;
  private final ChatCode code;
  private final Ids ids;
  private final Tracing tracing;
  private final InstantSource clock;
  private final PromptPrivacy privacy;

  ChatCompletionsResource(
      ModelRegistry models,
      Metering metering,
      ContentGate gate,
      RequestParts parts,
      ChatCode code,
      Ids ids,
      Tracing tracing,
      InstantSource clock,
      PromptPrivacy privacy) {
    this.tracing = tracing;
    this.privacy = privacy;
    this.gate = gate;
    this.parts = parts;
    this.code = code;
    this.models = models;
    this.metering = metering;
    this.ids = ids;
    this.clock = clock;
  }

  @POST
  @Operation(
      summary = "Create a chat completion",
      description =
          "Whole, or as server-sent events if 'stream' is true. When the client disconnects, the call"
              + " of the model ends.")
  @APIResponse(
      responseCode = "200",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = ChatCompletion.Whole.class)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(implementation = ChatCompletion.Chunk.class))
      })
  public Response create(ChatCompletionRequest request, RoutingContext connection)
      throws InterruptedException {
    models.requireMapped(request.model());
    var model =
        models.find(request.model()).orElseThrow(() -> ModelErrors.unknownModel(request.model()));
    if (request.speech() != null && !model.info().speech()) {
      throw ApiException.invalid(
          request.speechField(),
          "unsupported_value",
          "Unsupported value for '%s': the model '%s' answers with text only."
              .formatted(request.speechField(), request.model()));
    }
    if (request.webSearch() != null && !model.info().webSearch()) {
      throw ApiException.invalid(
          RequestedSearch.FIELD,
          "unsupported_value",
          "Unsupported value for '%s': the model '%s' has no web search."
              .formatted(RequestedSearch.FIELD, request.model()));
    }
    var project = Caller.current().project();
    if (request.codeFunction().isPresent() && code.unavailable() != null) {
      throw ApiException.invalid("tools", "unsupported_value", code.unavailable());
    }
    var filtered =
        new FilteredRequest(gate, ContentSource.input(project, null, null))
            .of(request.toModelRequest());
    var call =
        start(
            project,
            request,
            model,
            parts.load(
                project,
                privacy.limited(project, asConfigured(model.info(), request.model())),
                filtered),
            connection);
    return request.isStream()
        ? Response.ok(call.awaitStart(), MediaType.SERVER_SENT_EVENTS_TYPE).build()
        : Response.ok(call.awaitWhole(), MediaType.APPLICATION_JSON_TYPE).build();
  }

  private ChatCompletionCall start(
      ProjectId project,
      ChatCompletionRequest request,
      LanguageModel model,
      RequestParts.Loaded prompt,
      RoutingContext connection) {
    try {
      var called = withCode(project, request, metering.metered(model, request.caller()));
      var call =
          new ChatCompletionCall(
              request,
              prompt,
              passed -> new FilteredAnswer(gate, ContentSource.model(project, null, null), passed),
              ids,
              clock.instant().getEpochSecond());
      connection.addEndHandler(
          end -> {
            if (end.failed()) {
              call.cancel();
            }
          });
      if (connection.response().closed()) {
        // The client has gone before the handler was there, which may never be called.
        call.cancel();
      }
      call.start(called, tracing);
      return call;
    } catch (RuntimeException | Error e) {
      prompt.permit().close();
      throw e;
    }
  }

  /** What the provider refused meanwhile does not count: it may have been another image. */
  private ModelInfo asConfigured(ModelInfo learned, String model) {
    return models
        .configured(model)
        .map(configured -> learned.seeing(configured.images()))
        .orElse(learned);
  }

  private LanguageModel withCode(
      ProjectId project, ChatCompletionRequest request, LanguageModel model) {
    return request
        .codeFunction()
        .<LanguageModel>map(
            function ->
                new CodeRunningModel(
                    model,
                    function,
                    code.begin(project),
                    gate,
                    ContentSource.tool(project, null, null)))
        .orElse(model);
  }
}
