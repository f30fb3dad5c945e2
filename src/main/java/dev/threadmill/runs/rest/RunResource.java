package dev.threadmill.runs.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.BeforeInsert;
import dev.threadmill.runs.CancelRun;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.SubmitToolOutputs;
import dev.threadmill.runs.ToolOutputs;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.ThreadStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Runs over HTTP. */
@Path("/v1/threads")
@RunOnVirtualThread
@Tag(name = "Runs", description = "An assistant at work on a thread")
public class RunResource {
  private final CreateRun createRun;
  private final CancelRun cancelRun;
  private final SubmitToolOutputs submitToolOutputs;
  private final RunStore runs;
  private final RunTransitions transitions;
  private final ToolCallStore calls;
  private final ThreadStore threads;
  private final RunStreams streams;
  private final RunsConfig config;

  RunResource(
      CreateRun createRun,
      CancelRun cancelRun,
      SubmitToolOutputs submitToolOutputs,
      RunStore runs,
      RunTransitions transitions,
      ToolCallStore calls,
      ThreadStore threads,
      RunStreams streams,
      RunsConfig config) {
    this.createRun = createRun;
    this.cancelRun = cancelRun;
    this.submitToolOutputs = submitToolOutputs;
    this.runs = runs;
    this.transitions = transitions;
    this.calls = calls;
    this.threads = threads;
    this.streams = streams;
    this.config = config;
  }

  @POST
  @Path("runs")
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(summary = "Create a thread and run it")
  public Response createWithThread(RunRequests.CreateThreadAndRunBody request) {
    var spec = request.toSpec();
    var created =
        createRun.createWithThread(
            Caller.current().project(), request.threadToCreate(), spec, BeforeInsert.NONE);
    return spec.streamed()
        ? streamed(streams.of(created))
        : answer(RunObject.created(created.run()));
  }

  @POST
  @Path("{thread_id}/runs")
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(summary = "Create a run")
  public Response create(
      @PathParam("thread_id") ThreadId thread,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare,
      RunRequests.CreateRunBody request) {
    boolean withSearchContents = Include.check(include, includeBare);
    var spec = request.toSpec();
    var created = createRun.create(Caller.current().project(), thread, spec, BeforeInsert.NONE);
    return spec.streamed()
        ? streamed(streams.of(created, withSearchContents))
        : answer(RunObject.created(created.run()));
  }

  @GET
  @Path("{thread_id}/runs")
  @Operation(summary = "List the runs of a thread")
  public Page<RunObject> list(
      @PathParam("thread_id") ThreadId thread, @BeanParam PageRequest page) {
    var project = Caller.current().project();
    threads.get(project, thread);
    return runs.list(project, thread, page).map(this::shown);
  }

  @GET
  @Path("{thread_id}/runs/{run_id}")
  @Operation(summary = "Retrieve a run")
  public Response get(@PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run) {
    return answer(shown(runs.getToShow(Caller.current().project(), thread, run)));
  }

  @POST
  @Path("{thread_id}/runs/{run_id}")
  @Operation(summary = "Modify the metadata of a run")
  public RunObject modify(
      @PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run, ModifyRun request) {
    var project = Caller.current().project();
    var current = runs.get(project, thread, run);
    return shown(
        request.changes()
            ? transitions.setMetadata(project, thread, run, request.orEmpty()).orElse(current)
            : current);
  }

  @POST
  @Path("{thread_id}/runs/{run_id}/cancel")
  @Operation(summary = "Cancel a run")
  public Response cancel(@PathParam("thread_id") ThreadId thread, @PathParam("run_id") RunId run) {
    return answer(
        RunObject.of(cancelRun.cancel(Caller.current().project(), thread, run), List.of()));
  }

  @POST
  @Path("{thread_id}/runs/{run_id}/submit_tool_outputs")
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(summary = "Submit the outputs of the tool calls that a run waits for")
  public Response submit(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      ToolOutputs request) {
    var resumed = submitToolOutputs.submit(Caller.current().project(), thread, run, request);
    return request.isStreamed()
        ? streamed(streams.of(resumed))
        : answer(RunObject.of(resumed.run().atStatus(RunStatus.QUEUED, true), List.of()));
  }

  @GET
  @Path("{thread_id}/runs/{run_id}/events")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(summary = "Stream the events of a run, from its beginning or from Last-Event-ID on")
  public Response events(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("run_id") RunId run,
      @Parameter(description = "Whether to tell the events of the runs below as well")
          @QueryParam("nested")
          String nested,
      @HeaderParam("Last-Event-ID") String lastEventId) {
    var found = runs.get(Caller.current().project(), thread, run);
    return streamed(
        isTrue("nested", nested)
            ? streams.attachNested(found, lastEventId)
            : streams.attach(found, lastEventId));
  }

  private static boolean isTrue(String param, String value) {
    if (value == null || value.equals("false")) {
      return false;
    }
    if (!value.equals("true")) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected 'true' or 'false'.".formatted(param));
    }
    return true;
  }

  /** The run, with the calls it waits for if it does. */
  private RunObject shown(Run run) {
    var open =
        run.status() == RunStatus.REQUIRES_ACTION ? calls.awaitingClient(run) : List.<ToolCall>of();
    return RunObject.of(run, open);
  }

  private Response answer(RunObject run) {
    var response = Response.ok(run, MediaType.APPLICATION_JSON_TYPE);
    if (!run.status().isTerminal()) {
      response.header("openai-poll-after-ms", config.pollAfter().toMillis());
    }
    return response.build();
  }

  private static Response streamed(EventStream events) {
    return Response.ok(events, MediaType.SERVER_SENT_EVENTS_TYPE).build();
  }
}
