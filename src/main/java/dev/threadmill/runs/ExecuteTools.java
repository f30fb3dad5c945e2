package dev.threadmill.runs;

import dev.threadmill.guard.ContentGate;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.TraceRun;
import dev.threadmill.runs.routing.ChildRunOutput;
import dev.threadmill.runs.routing.CreateChildRun;
import dev.threadmill.runs.routing.NewChildRun;
import dev.threadmill.runs.routing.PlanRoute;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolUnavailableException;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.Toolset;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Executes the calls of an answer that the server executes, all at the same time, and leaves the
 * others to the client. A call is committed before it is executed and its output afterwards, so a
 * node that takes over sees every call that may have taken effect and repeats it with the same id.
 */
@ApplicationScoped
class ExecuteTools {
  private static final Logger LOG = Logger.getLogger(ExecuteTools.class);

  private static final String TOO_MANY =
      ToolError.output(
          "too_many_tool_calls",
          "The limit of tool calls is reached, so the call was not made. Answer without it.");

  private final CommitProgress commitProgress;
  private final ToolCallStore toolCalls;
  private final PlanRoute planRoute;
  private final CreateChildRun createChildRun;
  private final ChildRunStore children;
  private final ToolsConfig settings;
  private final ContentGate gate;
  private final TraceRun trace;
  private final RevealArguments reveal;
  private final InstantSource clock;

  ExecuteTools(
      CommitProgress commitProgress,
      ToolCallStore toolCalls,
      PlanRoute planRoute,
      CreateChildRun createChildRun,
      ChildRunStore children,
      ToolsConfig settings,
      ContentGate gate,
      TraceRun trace,
      RevealArguments reveal,
      InstantSource clock) {
    this.trace = trace;
    this.reveal = reveal;
    this.planRoute = planRoute;
    this.createChildRun = createChildRun;
    this.children = children;
    this.commitProgress = commitProgress;
    this.toolCalls = toolCalls;
    this.settings = settings;
    this.gate = gate;
    this.clock = clock;
  }

  /** The state of the run afterwards. */
  enum Outcome {
    /** All calls have outputs: the model is called again. */
    DONE,
    /** The run waits for its client or for other assistants. */
    PAUSED,
    /** The run is cancelled, or this attempt does not own it any more; the step is committed. */
    LOST,
    /** As {@link #LOST}, but the step is not committed. */
    NOT_COMMITTED,
    /** Too many calls of the run were invalid. The step is not committed. */
    TOO_MANY_REFUSED
  }

  /** A call that another assistant answers, and its index in the step. */
  private record Route(int index, PlanRoute.Plan.Start plan) {}

  /**
   * Executes the calls of a new answer.
   *
   * @throws ToolUnavailableException if the run has to fail; the step is committed, and open
   * @throws InterruptedException if the run was stopped meanwhile; the step may be committed
   */
  Outcome execute(RunExecution execution, Step requested, Usage usage) throws InterruptedException {
    var jobs = new ArrayList<ServerCall>();
    var calls = new ArrayList<ToolCall>();
    var routes = new ArrayList<Route>();
    int refused = 0;
    for (var call : requested.calls()) {
      switch (execution.toolset().dispatch(call.name(), call.argumentsAsJson())) {
        case Toolset.Dispatch.ToClient _ -> calls.add(call);
        case Toolset.Dispatch.ToServer _, Toolset.Dispatch.ToAssistant _
            when !execution.allowsServerCall() ->
            calls.add(call.withExecutor(ToolCall.Executor.REFUSED).withOutput(TOO_MANY));
        case Toolset.Dispatch.ToServer dispatch when dispatch.tool().needsApproval() -> {
          execution.countServerCall();
          calls.add(call.withExecutor(ToolCall.Executor.APPROVAL));
        }
        case Toolset.Dispatch.ToServer dispatch -> {
          execution.countServerCall();
          jobs.add(
              new ServerCall(
                  calls.size(), call, reveal.apply(execution.run(), call.name(), dispatch)));
          calls.add(call.withExecutor(ToolCall.Executor.SERVER));
        }
        case Toolset.Dispatch.ToAssistant dispatch -> {
          switch (plan(execution, dispatch, routes, requested.calls().size() == 1)) {
            case PlanRoute.Plan.Start begin -> {
              execution.countServerCall();
              routes.add(new Route(calls.size(), begin));
              calls.add(call);
            }
            case PlanRoute.Plan.Refused(var output) -> {
              refused++;
              calls.add(call.withExecutor(ToolCall.Executor.REFUSED).withOutput(output));
            }
          }
        }
        case Toolset.Dispatch.Rejected(var error) -> {
          refused++;
          calls.add(call.withExecutor(ToolCall.Executor.REFUSED).withOutput(error.output()));
        }
      }
    }
    if (refused > 0
        && toolCalls.countRefused(execution.run(), TOO_MANY) + refused > settings.invalidCalls()) {
      return Outcome.TOO_MANY_REFUSED;
    }
    var routed = routed(execution.run(), calls, routes, usage);
    var step = requested.with(calls);
    if (!commitProgress.commitCalls(execution, step, usage, routed)) {
      return Outcome.NOT_COMMITTED;
    }
    if (routed.stream().anyMatch(NewChildRun::isHandoff)) {
      return Outcome.PAUSED;
    }
    if (jobs.isEmpty()) {
      return calls.stream().anyMatch(ToolCall::isOpen) ? Outcome.PAUSED : Outcome.DONE;
    }
    execution.live().setOpenStep(step.with(usage));
    return executeAll(execution, jobs, List.of());
  }

  private PlanRoute.Plan plan(
      RunExecution execution,
      Toolset.Dispatch.ToAssistant dispatch,
      List<Route> others,
      boolean isAlone) {
    var taken =
        others.stream().map(route -> route.plan().thread()).collect(Collectors.toUnmodifiableSet());
    return planRoute.plan(execution.run(), dispatch, taken, isAlone);
  }

  /** Prepares the child runs of routed calls, and sets the calls to name them. */
  private List<NewChildRun> routed(Run run, List<ToolCall> calls, List<Route> routes, Usage usage) {
    var used = run.usage().plus(usage);
    var routed = new ArrayList<NewChildRun>();
    for (var route : routes) {
      var child =
          createChildRun.prepare(run, calls.get(route.index()), route.plan(), used, routes.size());
      calls.set(route.index(), child.call());
      routed.add(child);
    }
    return routed;
  }

  /**
   * Continues the open step of a run that was taken over, for whose calls it is unknown whether
   * they took effect, or of a run that waited for approvals or for its child runs.
   *
   * @throws InterruptedException if the run was stopped meanwhile
   */
  Outcome resume(RunExecution execution) throws InterruptedException {
    var jobs = new ArrayList<ServerCall>();
    var known = new ArrayList<CallResult>();
    var calls = execution.live().openStep().calls();
    if (!commitStarted(execution)) {
      return Outcome.LOST;
    }
    var answers =
        calls.stream().anyMatch(ToolCall::awaitsChildRun)
            ? children.byCall(execution.run())
            : Map.<String, ChildRunStore.ChildRun>of();
    for (int i = 0; i < calls.size(); i++) {
      var call = calls.get(i);
      if (call.awaitsChildRun()) {
        outputOf(execution, call, i, answers).ifPresent(known::add);
      } else if (call.isOpen() && !call.executor().awaitsClient()) {
        switch (execution.toolset().dispatch(call.name(), call.argumentsAsJson())) {
          case Toolset.Dispatch.ToServer dispatch
              when call.executor() == ToolCall.Executor.APPROVED
                  || !call.partial().task().isEmpty() ->
              jobs.add(
                  new ServerCall(i, call, reveal.apply(execution.run(), call.name(), dispatch)));
          case Toolset.Dispatch.ToServer dispatch -> {
            switch (dispatch.tool().onUnknown()) {
              case RETRY ->
                  jobs.add(
                      new ServerCall(
                          i, call, reveal.apply(execution.run(), call.name(), dispatch)));
              case FAIL -> known.add(new CallResult(i, ServerCall.OUTCOME_UNKNOWN.output()));
              case ASK -> known.add(new CallResult(i, null));
            }
          }
          case Toolset.Dispatch.Rejected(var error) -> known.add(new CallResult(i, error.output()));
          case Toolset.Dispatch.ToAssistant _ ->
              known.add(new CallResult(i, ServerCall.OUTCOME_UNKNOWN.output()));
          case Toolset.Dispatch.ToClient _ -> known.add(new CallResult(i, null));
        }
      }
    }
    LOG.infof("tools resumed run_id=%s again=%d", execution.run().id(), jobs.size());
    return executeAll(execution, jobs, known);
  }

  /** The output of a routed call: the answer of its child run; empty while that run is active. */
  private static Optional<CallResult> outputOf(
      RunExecution execution,
      ToolCall call,
      int index,
      Map<String, ChildRunStore.ChildRun> answers) {
    var child = answers.get(call.id().value());
    if (child == null) {
      var gone = ToolError.output("assistant_deleted", "The answer to this call was deleted.");
      return Optional.of(new CallResult(index, gone));
    }
    var name =
        execution.toolset().dispatch(call.name(), call.argumentsAsJson())
                instanceof Toolset.Dispatch.ToAssistant dispatch
            ? dispatch.route().name()
            : call.routing().targetAssistantId().value();
    return ChildRunOutput.of(child, name)
        .map(output -> new CallResult(index, output, null, child.usage(), null, null));
  }

  /** Commits that the approved calls may have started from here on. */
  private boolean commitStarted(RunExecution execution) {
    var step = execution.live().openStep();
    if (step.calls().stream().noneMatch(c -> c.executor() == ToolCall.Executor.APPROVED)) {
      return true;
    }
    var started =
        step.with(
            step.calls().stream()
                .map(
                    call ->
                        call.executor() == ToolCall.Executor.APPROVED
                            ? call.withExecutor(ToolCall.Executor.APPROVED_STARTED)
                            : call)
                .toList());
    if (!commitProgress.commitStarted(execution, started)) {
      return false;
    }
    execution.live().setOpenStep(started);
    return true;
  }

  /**
   * Executes calls of the open step at once, and commits their outputs.
   *
   * @param known results of other calls of the step
   * @throws InterruptedException if the run was stopped meanwhile
   */
  Outcome executeAll(
      RunExecution execution, List<? extends CallResult.Job> jobs, List<CallResult> known)
      throws InterruptedException {
    var events = new ToolEvents(ToolOutputFilter.of(gate, execution.run()));
    known.forEach(events::ended);
    var threads = new ArrayList<Thread>();
    try {
      for (var job : jobs) {
        threads.add(
            Thread.ofVirtual()
                .name("tool")
                .start(trace.inRun(() -> events.ended(execute(execution, job, events)))));
      }
      int left = jobs.size() + known.size();
      while (left > 0) {
        var batch = events.awaitResults(execution);
        for (var result : batch) {
          if (result.activity() != null) {
            execution.record(result.activity());
          }
          if (result.unavailable() != null) {
            throw result.unavailable();
          }
        }
        left -= batch.size();
        if (!commit(execution, batch, left == 0)) {
          return Outcome.LOST;
        }
      }
      if (jobs.isEmpty()
          && known.isEmpty()
          && !commitProgress.commitStarted(execution, execution.live().openStep())) {
        return Outcome.LOST;
      }
    } finally {
      threads.forEach(Thread::interrupt);
    }
    boolean pauses = execution.live().openStep().calls().stream().anyMatch(ToolCall::isOpen);
    execution.live().setOpenStep(null);
    return pauses ? Outcome.PAUSED : Outcome.DONE;
  }

  private CallResult execute(RunExecution execution, CallResult.Job job, ToolEvents events) {
    return trace.executeTool(
        job.call(),
        () -> job.execute(execution, events.buffer(job.index(), job.call()), clock),
        result -> new TraceRun.ToolOutcome(result.output(), result.activity()));
  }

  private boolean commit(RunExecution execution, List<CallResult> batch, boolean isLast) {
    var step = execution.live().openStep();
    var usage = Usage.NONE;
    for (var result : batch) {
      step = with(step, result);
      execution.addImages(step.calls().get(result.index()));
      usage = usage.plus(result.usage());
    }
    var indexes = batch.stream().map(CallResult::index).toList();
    if (!commitProgress.commitOutputs(execution, step, indexes, usage, isLast)) {
      return false;
    }
    execution.live().setOpenStep(step);
    return true;
  }

  private static Step with(Step step, CallResult result) {
    var calls = new ArrayList<>(step.calls());
    var call = calls.get(result.index());
    calls.set(
        result.index(),
        result.output() == null
            ? call.withExecutor(ToolCall.Executor.CLIENT)
            : call.withOutput(result.output()).withParts(result.parts()));
    return step.with(calls);
  }
}
