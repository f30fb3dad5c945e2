package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Assistants over HTTP. */
@Path("/v1/assistants")
@RunOnVirtualThread
@Tag(name = "Assistants", description = "A model with instructions, tools and settings")
public class AssistantResource {
  private final Assistants assistants;

  AssistantResource(Assistants assistants) {
    this.assistants = assistants;
  }

  @POST
  @Operation(summary = "Create an assistant")
  public AssistantObject create(CreateAssistant request) {
    return AssistantObject.of(assistants.create(Caller.current().project(), request));
  }

  @GET
  @Operation(summary = "List assistants")
  public Page<AssistantObject> list(@BeanParam PageRequest page) {
    return assistants.list(Caller.current().project(), page).map(AssistantObject::of);
  }

  @GET
  @Path("{assistant_id}")
  @Operation(summary = "Retrieve an assistant")
  public AssistantObject get(@PathParam("assistant_id") AssistantId id) {
    return AssistantObject.of(assistants.getToShow(Caller.current().project(), id));
  }

  @POST
  @Path("{assistant_id}")
  @Operation(summary = "Modify an assistant")
  public AssistantObject modify(
      @PathParam("assistant_id") AssistantId id, ModifyAssistant request) {
    return AssistantObject.of(assistants.modify(Caller.current().project(), id, request));
  }

  @DELETE
  @Path("{assistant_id}")
  @Operation(summary = "Delete an assistant")
  public Deleted delete(@PathParam("assistant_id") AssistantId id) {
    assistants.delete(Caller.current().project(), id);
    return Deleted.of(id, "assistant");
  }
}
