package dev.threadmill.runs.rest;

import dev.threadmill.api.PageRequest;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
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
  private static final int MAX_STEPS = 100;

  private final RunStore runs;
  private final RunTree tree;
  private final StepStore steps;

  RunTreeResource(RunStore runs, RunTree tree, StepStore steps) {
    this.runs = runs;
    this.tree = tree;
    this.steps = steps;
  }

  @GET
  @Path("{thread_id}/runs/{run_id}/timeline")
  @Operation(
      summary = "Retrieve when a run and its steps began and ended",
      description = "In milliseconds, with the first hundred steps.")
  public RunTimelineObject timeline(
      @PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run) {
    var project = Caller.current().project();
    var found = runs.get(project, thread, run);
    var page = PageRequest.of(MAX_STEPS, "asc", null, null);
    return RunTimelineObject.of(found, steps.list(project, thread, run, page).data());
  }

  @GET
  @Path("{thread_id}/runs/{run_id}/tree")
  @Operation(summary = "Retrieve a run with all runs that it has routed messages to")
  public RunTreeObject tree(
      @PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run) {
    return tree.of(runs.get(Caller.current().project(), thread, run));
  }
}
