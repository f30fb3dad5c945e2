package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.RecordSummary;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.projects.Caller;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.threads.ContentPart;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.time.InstantSource;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What a response would send to the model: its tokens, and a shorter form of it. */
@Path("/v1/responses")
@RunOnVirtualThread
@Tag(name = "Responses")
public class ContextResource {
  private final ResponseStore store;
  private final ReadHistory history;
  private final ReadItems readItems;
  private final CompactHistory compactHistory;
  private final RecordSummary recordSummary;
  private final RunClient runs;
  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;

  ContextResource(
      ResponseStore store,
      ReadHistory history,
      ReadItems readItems,
      CompactHistory compactHistory,
      RecordSummary recordSummary,
      RunClient runs,
      Jdbc jdbc,
      Ids ids,
      InstantSource clock) {
    this.store = store;
    this.history = history;
    this.readItems = readItems;
    this.compactHistory = compactHistory;
    this.recordSummary = recordSummary;
    this.runs = runs;
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
  }

  @POST
  @Path("input_tokens")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Count the tokens of a request for a response",
      description = "An estimate: models count in different ways.")
  @APIResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(type = SchemaType.OBJECT)))
  public JsonNode inputTokens(InputStream body) throws IOException {
    var request = ResponseRequest.of(RequestFields.body(body), runs::objection);
    var input = read(Caller.current().project(), request);
    long tokens =
        TokenCounter.count(request.instructions())
            + TokenCounter.count(input.system())
            + CompactHistory.tokens(input.entries());
    for (var tool : request.tools().specs()) {
      if (tool instanceof ToolSpec.Function(var function)) {
        tokens += TokenCounter.count(function);
      }
    }
    return Json.MAPPER
        .createObjectNode()
        .put("object", "response.input_tokens")
        .put("input_tokens", tokens);
  }

  /** The messages of its thread up to the end of a response; null if there is no such response. */
  private RecordSummary.Covered covered(ProjectId project, String previous) {
    return previous == null
        ? null
        : store
            .find(project, previous)
            .flatMap(response -> runs.find(project, response.thread(), response.run()))
            .map(RunHandle::snapshot)
            .map(run -> recordSummary.covered(run.thread(), run.id(), run.statusSince()))
            .orElse(null);
  }

  /** All items of the request, with those of the chain or conversation that it continues. */
  private InputItems read(ProjectId project, ResponseRequest request) {
    var all = Json.MAPPER.createArrayNode();
    if (request.previous() != null) {
      var previous =
          store
              .find(project, request.previous())
              .orElseThrow(() -> ItemErrors.noPrevious(request.previous()));
      all.addAll(history.itemsUntil(project, previous));
    } else if (request.conversation() != null) {
      all.addAll(history.conversation(project, ItemIds.thread(request.conversation())));
    }
    add(all, request.body().path("input"));
    return readItems.read(project, "input", all, ReadItems.Mode.ofHistory(ContentPart.File::new));
  }

  private static void add(ArrayNode all, JsonNode input) {
    if (input.isTextual()) {
      all.addObject().put("role", "user").set("content", input);
    } else if (input.isArray()) {
      input.forEach(all::add);
    } else if (!RequestFields.isAbsent(input)) {
      throw RequestFields.type("input", "a text or a list of items");
    }
  }

  @POST
  @Path("compact")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Compact a history",
      description = "The model writes a summary, which only this server can read.")
  @APIResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(type = SchemaType.OBJECT)))
  public JsonNode compact(InputStream body) throws IOException, InterruptedException {
    var project = Caller.current().project();
    var request = ResponseRequest.of(RequestFields.body(body), runs::objection);
    var covered = covered(project, request.previous());
    var input = read(project, request);
    if (input.entries().isEmpty()) {
      throw ApiException.missing("input");
    }
    if (input.firstOpenCall() != null) {
      throw ItemErrors.noOutput(input.firstOpenCall());
    }
    var compacted = compactHistory.compact(project, request, input);
    if (covered != null) {
      // The summary of a chain is a version of the summary of its thread.
      jdbc.runInTransaction(
          tx -> recordSummary.record(tx, project, covered, compacted.summary(), request.model()));
    }
    var object =
        Json.MAPPER
            .createObjectNode()
            .put("id", ids.next(StoredResponse.PREFIX))
            .put("object", "response.compaction")
            .put("created_at", clock.instant().getEpochSecond());
    object
        .putArray("output")
        .addObject()
        .put("id", ids.next("cmp_"))
        .put("type", "compaction")
        .put("encrypted_content", compacted.content());
    object.set("usage", ResponseObject.usage(compacted.usage()));
    return object;
  }
}
