package dev.threadmill.limits.rest;

import dev.threadmill.api.ThreadId;
import dev.threadmill.limits.LimitedThreads;
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

/** The limits of a thread over HTTP, which keys of the project set. */
@Path("/v1/threads/{thread_id}/limits")
@RunOnVirtualThread
@Tag(name = "Projects")
public class ThreadLimitsResource {
  private final ManageLimits limits;
  private final LimitedThreads threads;

  ThreadLimitsResource(ManageLimits limits, LimitedThreads threads) {
    this.limits = limits;
    this.threads = threads;
  }

  @GET
  @Operation(summary = "Retrieve the limits of a thread and their usage")
  public LimitsObject get(@PathParam("thread_id") ThreadId thread) {
    var project = Caller.current().project();
    threads.requireExisting(project, thread);
    return limits.get(project, thread);
  }

  @POST
  @Operation(
      summary = "Set the limits of a thread",
      description =
          "They apply in addition to those of the project and the API key. Fields that are left out"
              + " keep their value. Null removes a limit.")
  public LimitsObject update(@PathParam("thread_id") ThreadId thread, ModifyLimits request) {
    var project = Caller.current().project();
    threads.requireExisting(project, thread);
    return limits.update(project, thread, request);
  }
}
