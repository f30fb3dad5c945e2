package dev.threadmill.protocols.mcp;

import dev.threadmill.api.http.BodyLimit;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The MCP server of a project, over streamable HTTP. */
@Path("/v1/mcp")
@RunOnVirtualThread
@Tag(name = "Protocols", description = "Assistants under other protocols")
public class McpResource {
  private final HandleMcpMessage answerMcp;

  McpResource(HandleMcpMessage answerMcp) {
    this.answerMcp = answerMcp;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "Send an MCP message",
      description =
          "JSON-RPC of the Model Context Protocol. The tools are the project's assistants that are"
              + " exposed so.")
  public Response post(
      @HeaderParam("Accept") String accept,
      @HeaderParam("Mcp-Session-Id") String session,
      @HeaderParam("MCP-Protocol-Version") String version,
      @HeaderParam("Idempotency-Key") String key,
      InputStream body)
      throws IOException {
    var bytes = BodyLimit.read(body);
    return answerMcp.answer(
        new HandleMcpMessage.Request(
            Caller.current().project(), accept, session, version, key, bytes));
  }

  @DELETE
  @Operation(summary = "End an MCP session")
  public void end() {}
}
