package dev.threadmill.runs.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.context.RebuildContext;
import dev.threadmill.runs.context.StepContextObject;
import dev.threadmill.runs.execution.StepObject;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Run steps over HTTP. */
@Path("/v1/threads/{thread_id}/runs/{run_id}/steps")
@RunOnVirtualThread
@Tag(name = "Run steps", description = "What a run did, message by message and call by call")
public class StepResource {
  private final RunStore runs;
  private final StepStore steps;
  private final RebuildContext contexts;

  StepResource(RunStore runs, StepStore steps, RebuildContext contexts) {
    this.runs = runs;
    this.steps = steps;
    this.contexts = contexts;
  }

  @GET
  @Operation(summary = "List the steps of a run")
  public Page<StepObject> list(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare,
      @BeanParam PageRequest page) {
    boolean withContents = Include.check(include, includeBare);
    var project = Caller.current().project();
    runs.get(project, thread, run);
    return steps.list(project, thread, run, page).map(step -> StepObject.of(step, withContents));
  }

  @GET
  @Path("{step_id}")
  @Operation(summary = "Retrieve a step")
  public StepObject get(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      @PathParam("step_id") StepId step,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare) {
    boolean withContents = Include.check(include, includeBare);
    return StepObject.of(steps.get(Caller.current().project(), thread, run, step), withContents);
  }

  @GET
  @Path("{step_id}/context")
  @Operation(
      summary = "Show what the model was sent",
      description =
          "Part by part: instructions, summary, recalled passages with their scores, the window,"
              + " tools, and what was left out and why.")
  public StepContextObject context(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      @PathParam("step_id") StepId step) {
    return contexts.of(Caller.current().project(), thread, run, step);
  }

  @GET
  @Path("{step_id}/context/difference")
  @Operation(
      summary = "Compare what the model was sent in two steps",
      description = "The other step may belong to another run of the same thread.")
  public StepContextObject.Difference difference(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      @PathParam("step_id") StepId step,
      @QueryParam("other_run") RunId otherRun,
      @QueryParam("other_step") StepId otherStep) {
    if (otherStep == null) {
      throw ApiException.missing("other_step");
    }
    var project = Caller.current().project();
    return StepContextObject.Difference.of(
        contexts.of(project, thread, run, step),
        contexts.of(project, thread, otherRun == null ? run : otherRun, otherStep));
  }
}
