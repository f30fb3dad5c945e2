package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.protocols.responses.request.PageOfList;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Responses over HTTP. */
@Path("/v1/responses")
@RunOnVirtualThread
@Tag(name = "Responses", description = "Runs, in the terms of the Responses API")
public class ResponseResource {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private final CreateResponse createResponse;
  private final FollowResponse followResponse;
  private final DeleteResponse deleteResponse;
  private final ResponseStore store;
  private final RunClient runs;
  private final ImageUrls imageUrls;

  ResponseResource(
      CreateResponse createResponse,
      FollowResponse followResponse,
      DeleteResponse deleteResponse,
      ResponseStore store,
      RunClient runs,
      ImageUrls imageUrls) {
    this.imageUrls = imageUrls;
    this.createResponse = createResponse;
    this.followResponse = followResponse;
    this.deleteResponse = deleteResponse;
    this.store = store;
    this.runs = runs;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "Create a response",
      description =
          "Whole, as server-sent events if 'stream' is true, or at once if 'background' is true. The"
              + " run goes on when the client disconnects.")
  @APIResponse(
      responseCode = "200",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(type = SchemaType.OBJECT)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(type = SchemaType.STRING))
      })
  public Response create(InputStream body) throws IOException, InterruptedException {
    var request = ResponseRequest.of(RequestFields.body(body), runs::objection);
    var created = createResponse.create(Caller.current().project(), request);
    var response = created.response();
    if (request.stream()) {
      var events =
          followResponse.started(response, created.run(), request.include(), request.obfuscates());
      return Response.ok(
              created.isEphemeral() ? deleteResponse.whenClosed(response, events) : events,
              MediaType.SERVER_SENT_EVENTS_TYPE)
          .build();
    }
    if (request.background()) {
      return json(followResponse.now(response, created.run(), request.include()));
    }
    try {
      var whole = followResponse.await(response, created.run(), request.include());
      FollowResponse.requireFitting(whole);
      return json(whole);
    } finally {
      if (created.isEphemeral()) {
        deleteResponse.delete(response);
      }
    }
  }

  private static Response json(JsonNode body) {
    return Response.ok(body, MediaType.APPLICATION_JSON_TYPE).build();
  }

  private StoredResponse response(ProjectId project, String id) {
    return store.find(project, id).orElseThrow(() -> ItemErrors.noResponse(id));
  }

  private RunHandle run(StoredResponse response) {
    return runs.find(response.project(), response.thread(), response.run())
        .orElseThrow(() -> ItemErrors.noResponse(response.id()));
  }

  @GET
  @Path("{response_id}")
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "Retrieve a response",
      description =
          "With 'stream' its events from the first one, or behind 'starting_after', at any time.")
  @APIResponse(
      responseCode = "200",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(type = SchemaType.OBJECT)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(type = SchemaType.STRING))
      })
  public Response get(
      @PathParam("response_id") String id,
      @QueryParam("stream") String stream,
      @QueryParam("starting_after") String startingAfter,
      @QueryParam("include_obfuscation") String obfuscation,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare) {
    var wanted = Include.of(include, includeBare);
    var response = response(Caller.current().project(), id);
    var run = run(response);
    if (isTrue("stream", stream)) {
      return Response.ok(
              followResponse.stream(
                  response,
                  run,
                  wanted,
                  number(startingAfter),
                  isTrue("include_obfuscation", obfuscation)),
              MediaType.SERVER_SENT_EVENTS_TYPE)
          .build();
    }
    return json(followResponse.now(response, run, wanted));
  }

  private static boolean isTrue(String param, String given) {
    if (given == null || given.isEmpty() || given.equals("false")) {
      return false;
    }
    if (!given.equals("true")) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected 'true' or 'false'.".formatted(param));
    }
    return true;
  }

  private static long number(String startingAfter) {
    if (startingAfter == null || startingAfter.isEmpty()) {
      return -1;
    }
    if (NUMBER.matcher(startingAfter).matches()) {
      return Long.parseLong(startingAfter);
    }
    throw ApiException.invalid(
        "starting_after", "Invalid 'starting_after': expected the number of an event.");
  }

  @DELETE
  @Path("{response_id}")
  @Operation(
      summary = "Delete a response",
      description =
          "It can no longer be retrieved or continued. Its thread is erased with the last response"
              + " of the chain; a conversation keeps its items.")
  public Deleted delete(@PathParam("response_id") String id) {
    deleteResponse.delete(response(Caller.current().project(), id));
    return new Deleted(id, "response", true);
  }

  @POST
  @Path("{response_id}/cancel")
  @Operation(summary = "Cancel a response in the background")
  @APIResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(type = SchemaType.OBJECT)))
  public Response cancel(@PathParam("response_id") String id) {
    var project = Caller.current().project();
    var response = response(project, id);
    if (!response.background()) {
      throw ApiException.invalidState("Only responses with background=true can be cancelled.");
    }
    var run = run(response);
    if (!run.snapshot().isPausedOrEnded()) {
      try {
        var cancelled = runs.cancel(project, response.thread(), response.run());
        var shown = followResponse.now(response, cancelled, Include.NOTHING);
        return json(shown.put("status", "cancelled"));
      } catch (ApiException e) {
        run = run(response);
      }
    }
    return json(followResponse.now(response, run, Include.NOTHING));
  }

  @GET
  @Path("{response_id}/input_items")
  @Operation(summary = "List the items of the request for a response")
  public Page<JsonNode> inputItems(
      @PathParam("response_id") String id,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare,
      @BeanParam PageRequest page) {
    var included = Include.of(include, includeBare);
    var project = Caller.current().project();
    var all = new ArrayList<JsonNode>();
    response(project, id).input().forEach(all::add);
    var found = PageOfList.of(page.descending() ? all.reversed() : all, page, ItemObjects::id);
    return new Page<>(
        found.object(),
        imageUrls.shown(project, found.data(), included),
        found.firstId(),
        found.lastId(),
        found.hasMore());
  }
}
