package dev.threadmill.runs.rest;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.streams.RunTree;
import dev.threadmill.runs.streams.RunTreeObject;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Runs together with those that they have led to. */
@Path("/v1/threads")
@RunOnVirtualThread
@Tag(name = "Runs")
public class RunTreeResource {
  private final RunStore runs;
  private final RunTree tree;

  RunTreeResource(RunStore runs, RunTree tree) {
    this.runs = runs;
    this.tree = tree;
  }

  @GET
  @Path("{thread_id}/runs/{run_id}/tree")
  @Operation(summary = "Retrieve a run with all runs that it has routed messages to")
  public RunTreeObject tree(
      @PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run) {
    return tree.of(runs.get(Caller.current().project(), thread, run));
  }
}
