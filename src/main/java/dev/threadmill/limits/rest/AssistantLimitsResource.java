package dev.threadmill.limits.rest;

import dev.threadmill.api.AssistantId;
import dev.threadmill.limits.LimitedAssistants;
import dev.threadmill.limits.LimitsObject;
import dev.threadmill.limits.ManageLimits;
import dev.threadmill.limits.ModifyLimits;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The limits of an assistant over HTTP, which keys of the project set. */
@Path("/v1/assistants/{assistant_id}/limits")
@RunOnVirtualThread
@Tag(name = "Projects")
public class AssistantLimitsResource {
  private final ManageLimits limits;
  private final LimitedAssistants assistants;

  AssistantLimitsResource(ManageLimits limits, LimitedAssistants assistants) {
    this.limits = limits;
    this.assistants = assistants;
  }

  @GET
  @Operation(summary = "Retrieve the limits of an assistant and their usage")
  public LimitsObject get(@PathParam("assistant_id") AssistantId assistant) {
    var project = Caller.current().project();
    assistants.requireExisting(project, assistant);
    return limits.get(project, assistant);
  }

  @POST
  @Operation(
      summary = "Set the limits of an assistant",
      description =
          "They apply in addition to those of the project and the API key. Fields that are left out"
              + " keep their value. Null removes a limit.")
  public LimitsObject update(
      @PathParam("assistant_id") AssistantId assistant, ModifyLimits request) {
    var project = Caller.current().project();
    assistants.requireExisting(project, assistant);
    return limits.update(project, assistant, request);
  }
}
