package dev.threadmill.limits;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The limits of assistants and threads over HTTP, which the keys of the project set. */
@Path("/v1")
@RunOnVirtualThread
@Tag(name = "Projects")
public class ScopedLimitsResource {
  private static final String SEMANTICS =
      "They apply in addition to those of the project and the API key. Fields that are left out"
          + " keep their value. Null removes a limit.";

  private final ManageLimits limits;
  private final LimitedAssistants assistants;
  private final LimitedThreads threads;

  ScopedLimitsResource(ManageLimits limits, LimitedAssistants assistants, LimitedThreads threads) {
    this.limits = limits;
    this.assistants = assistants;
    this.threads = threads;
  }

  @GET
  @Path("assistants/{assistant_id}/limits")
  @Operation(summary = "Retrieve the limits of an assistant and their usage")
  public LimitsObject ofAssistant(@PathParam("assistant_id") AssistantId assistant) {
    var project = Caller.current().project();
    assistants.requireExisting(project, assistant);
    return limits.get(project, assistant);
  }

  @POST
  @Path("assistants/{assistant_id}/limits")
  @Operation(summary = "Set the limits of an assistant", description = SEMANTICS)
  public LimitsObject setOfAssistant(
      @PathParam("assistant_id") AssistantId assistant, ModifyLimits request) {
    var project = Caller.current().project();
    assistants.requireExisting(project, assistant);
    return limits.update(project, assistant, request);
  }

  @GET
  @Path("threads/{thread_id}/limits")
  @Operation(summary = "Retrieve the limits of a thread and their usage")
  public LimitsObject ofThread(@PathParam("thread_id") ThreadId thread) {
    var project = Caller.current().project();
    threads.requireExisting(project, thread);
    return limits.get(project, thread);
  }

  @POST
  @Path("threads/{thread_id}/limits")
  @Operation(summary = "Set the limits of a thread", description = SEMANTICS)
  public LimitsObject setOfThread(@PathParam("thread_id") ThreadId thread, ModifyLimits request) {
    var project = Caller.current().project();
    threads.requireExisting(project, thread);
    return limits.update(project, thread, request);
  }
}
