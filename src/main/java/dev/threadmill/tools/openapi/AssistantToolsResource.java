package dev.threadmill.tools.openapi;

import dev.threadmill.api.AssistantId;
import dev.threadmill.assistants.AssistantObject;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Tools of assistants that are made of something else. */
@Path("/v1/assistants")
@RunOnVirtualThread
@Tag(name = "Assistants")
public class AssistantToolsResource {
  private final ImportOpenApi importOpenApi;

  AssistantToolsResource(ImportOpenApi importOpenApi) {
    this.importOpenApi = importOpenApi;
  }

  @POST
  @Path("{assistant_id}/tools/openapi")
  @Operation(summary = "Make webhook tools of an OpenAPI document")
  public AssistantObject importOpenApi(
      @PathParam("assistant_id") AssistantId id, ImportOpenApi.Request request) {
    return AssistantObject.of(importOpenApi.importInto(Caller.current().project(), id, request));
  }
}
