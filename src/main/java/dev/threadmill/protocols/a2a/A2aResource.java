package dev.threadmill.protocols.a2a;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.http.BodyLimit;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Assistants as agents of A2A: their cards, and their JSON-RPC endpoint. */
@Path("/v1/a2a/{assistant_id}")
@RunOnVirtualThread
@Tag(name = "Protocols")
public class A2aResource {
  private final Assistants assistants;
  private final AgentCards cards;
  private final HandleA2aRequest answerA2a;

  A2aResource(Assistants assistants, AgentCards cards, HandleA2aRequest answerA2a) {
    this.assistants = assistants;
    this.cards = cards;
    this.answerA2a = answerA2a;
  }

  @GET
  @Path(".well-known/agent-card.json")
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Retrieve the agent card of an assistant",
      description = "Needs no key if the card of the assistant is public.")
  public Response card(@PathParam("assistant_id") AssistantId id, @Context UriInfo uri) {
    var caller = Caller.find();
    var assistant =
        caller.isPresent()
            ? exposed(caller.get(), id)
            : assistants
                .withPublicCard(id)
                .orElseThrow(
                    () ->
                        ApiException.unauthorized(
                            "You didn't provide an API key, and this agent has no public card."));
    return Response.ok(cards.of(assistant, uri.getBaseUri()).toString())
        .type(MediaType.APPLICATION_JSON_TYPE)
        .header("Cache-Control", (caller.isPresent() ? "private" : "public") + ", max-age=60")
        .build();
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "Send an A2A request to an assistant",
      description = "JSON-RPC of the Agent2Agent protocol, versions 1.0 and 0.3.")
  public Response post(
      @PathParam("assistant_id") AssistantId id,
      @HeaderParam("A2A-Version") String version,
      @QueryParam("A2A-Version") String versionInQuery,
      @HeaderParam("Last-Event-ID") String lastEventId,
      InputStream body)
      throws IOException, InterruptedException {
    var assistant = exposed(Caller.current(), id);
    var wanted = version == null ? versionInQuery : version;
    return answerA2a.answer(assistant, wanted, lastEventId, BodyLimit.read(body));
  }

  private Assistant exposed(Caller caller, AssistantId id) {
    var assistant = assistants.get(caller.project(), id);
    if (!assistant.exposure().a2a()) {
      throw ApiException.notFound("agent", id);
    }
    return assistant;
  }
}
