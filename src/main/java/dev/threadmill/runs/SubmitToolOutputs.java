package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.ToolCall;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes the results of the client's functions, and has the run go on: on this node if it has room,
 * so that a stream need not look for it, otherwise on whichever claims it.
 */
@ApplicationScoped
public class SubmitToolOutputs {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final StepStore steps;
  private final LocalRuns liveRuns;
  private final StartRun startRun;
  private final NodeLease node;
  private final RunSignals signals;
  private final ConcurrencyLimit concurrency;
  private final ContentGate gate;
  private final InstantSource clock;

  SubmitToolOutputs(
      Jdbc jdbc,
      RunStore runs,
      StepStore steps,
      LocalRuns liveRuns,
      StartRun startRun,
      NodeLease node,
      RunSignals signals,
      ConcurrencyLimit concurrency,
      ContentGate gate,
      InstantSource clock) {
    this.gate = gate;
    this.jdbc = jdbc;
    this.runs = runs;
    this.steps = steps;
    this.liveRuns = liveRuns;
    this.startRun = startRun;
    this.node = node;
    this.signals = signals;
    this.concurrency = concurrency;
    this.clock = clock;
  }

  /**
   * The body of the call.
   *
   * @param stream whether to answer with the run's events from here on
   */
  public record Body(List<Output> toolOutputs, Boolean stream) {
    public record Output(String toolCallId, String output) {}

    public Body {
      if (toolOutputs == null) {
        throw ApiException.missing("tool_outputs");
      }
      for (int i = 0; i < toolOutputs.size(); i++) {
        if (toolOutputs.get(i) == null || toolOutputs.get(i).toolCallId() == null) {
          throw ApiException.missing("tool_outputs[%d].tool_call_id".formatted(i));
        }
      }
      toolOutputs = List.copyOf(toolOutputs);
    }

    /** Whether the answer is the stream of the run. */
    public boolean isStreamed() {
      return Boolean.TRUE.equals(stream);
    }
  }

  /**
   * A run that goes on.
   *
   * @param seen the place on its tape before it went on, where a stream of it begins
   * @param live the run if this node executes it
   */
  public record Resumed(Run run, EventId seen, Optional<LiveRun> live) {}

  /**
   * Stores the outputs and has the run go on.
   *
   * @throws ApiException 404 if there is no such run; 400 if it does not wait, or the outputs are
   *     not exactly those it waits for
   */
  public Resumed submit(ProjectId project, ThreadId thread, RunId id, Body body) {
    return submit(project, thread, id, filtered(project, thread, body), true).orElseThrow();
  }

  /**
   * Stores one output of perhaps several that the run waits for, which goes on with the last.
   *
   * @return the output as it is stored
   * @throws ApiException 404 if there is no such run; 400 if it does not wait for this call
   */
  String submitOne(ProjectId project, ThreadId thread, RunId id, ToolCallId call, String output) {
    var sent = new Body(List.of(new Body.Output(call.value(), output)), false);
    var body = filtered(project, thread, sent);
    submit(project, thread, id, body, false);
    return body.toolOutputs().getFirst().output();
  }

  private Body filtered(ProjectId project, ThreadId thread, Body body) {
    var source = ContentSource.tool(project, null, thread);
    return new Body(
        body.toolOutputs().stream()
            .map(each -> new Body.Output(each.toolCallId(), gate.apply(source, each.output())))
            .toList(),
        body.stream());
  }

  private Optional<Resumed> submit(
      ProjectId project, ThreadId thread, RunId id, Body body, boolean all) {
    boolean bounded = concurrency.isLimited(project);
    boolean room = !bounded && node.isRegistered() && liveRuns.tryAcquire();
    var at = clock.instant();
    Optional<Claimed> stored = Optional.empty();
    try {
      stored = jdbc.inTransaction(tx -> store(tx, project, thread, id, body, all, room, at));
    } finally {
      if (room && stored.isEmpty()) {
        liveRuns.release(1);
      }
    }
    return stored.map(claimed -> goOn(claimed, room));
  }

  private Resumed goOn(Claimed claimed, boolean room) {
    var run = claimed.run();
    if (room) {
      var live = startRun.start(run, claimed.base(), claimed.news(), claimed.steps());
      return new Resumed(run, claimed.base(), Optional.of(live));
    }
    signals.runQueued(concurrency.isLimited(run.projectId()));
    signals.runChanged(run.id());
    return new Resumed(run, claimed.base(), Optional.empty());
  }

  private record Claimed(Run run, EventId base, List<StreamEvent> news, List<Step> steps) {}

  /** Empty if the run still waits for more. */
  private Optional<Claimed> store(
      Tx tx,
      ProjectId project,
      ThreadId thread,
      RunId id,
      Body body,
      boolean all,
      boolean room,
      Instant at) {
    var run =
        runs.lock(tx, thread, id)
            .filter(found -> found.projectId().equals(project))
            .orElseThrow(() -> ApiException.notFound("run", id));
    if (run.status() != RunStatus.REQUIRES_ACTION) {
      throw ApiException.invalidState(
          "Runs in status \"%s\" do not accept tool outputs.".formatted(run.status().wire()));
    }
    var waiting = steps.lastOf(tx, run).orElseThrow();
    var answered = waiting.with(answered(waiting.calls(), body, all));
    steps.setOutputs(tx, answered);
    boolean isDone = answered.calls().stream().noneMatch(ToolCall::isOpen);
    if (!isDone) {
      steps.setExecutors(tx, answered);
    }
    if (answered.calls().stream().anyMatch(ToolCall::awaitsClient)) {
      return Optional.empty();
    }
    var step = isDone ? answered.ended(Step.Status.COMPLETED, at, null) : answered;
    if (isDone) {
      steps.setEnd(tx, step);
    }

    var base = ClaimRuns.endOf(run);
    if (body.isStreamed()) {
      IdempotencyContext.note(IdempotencyContext.STREAM, base.toString());
    }
    var queued = run.withStatus(RunStatus.QUEUED);
    var news = new ArrayList<StreamEvent>();
    if (isDone) {
      news.add(StreamEvents.stepEnded(step));
    }
    news.add(StreamEvents.runAtStatus(run, RunStatus.QUEUED, true, List.of()));
    var next = queued;
    if (room) {
      next = queued.claimed(node.id(), run.attempt() + 1, at);
      news.addFirst(StreamEvents.attemptStarted(next.attempt()));
      news.add(StreamEvents.runStatus(next));
    }
    ClaimRuns.setClaim(tx, next, news);
    return Optional.of(new Claimed(next, base, news, List.of(step)));
  }

  private static List<ToolCall> answered(List<ToolCall> calls, Body body, boolean all) {
    var outputs = new HashMap<String, String>();
    for (var output : body.toolOutputs()) {
      if (outputs.put(output.toolCallId(), output.output() == null ? "" : output.output())
          != null) {
        throw ApiException.invalid(
            "tool_outputs",
            "Invalid 'tool_outputs': '%s' is given twice.".formatted(output.toolCallId()));
      }
    }
    refuseUnknown(calls, outputs);
    var missing =
        calls.stream()
            .filter(call -> call.awaitsClient() && !outputs.containsKey(call.id().value()))
            .map(call -> call.id().value())
            .toList();
    if (all && !missing.isEmpty()) {
      throw ApiException.invalid(
          "tool_outputs",
          "Expected tool outputs for call_ids %s, got %s."
              .formatted(calls.stream().map(call -> call.id().value()).toList(), outputs.keySet()));
    }
    return calls.stream()
        .map(
            call ->
                outputs.containsKey(call.id().value())
                    ? said(call, outputs.get(call.id().value()))
                    : call)
        .toList();
  }

  private static ToolCall said(ToolCall call, String output) {
    if (call.executor() != ToolCall.Executor.APPROVAL) {
      return call.withOutput(output);
    }
    return switch (Approval.of(output)) {
      case Approval.Given _ -> call.withExecutor(ToolCall.Executor.APPROVED);
      case Approval.Denied(var why) -> call.withOutput(why);
    };
  }

  private static void refuseUnknown(List<ToolCall> calls, Map<String, String> outputs) {
    var unknown = new HashSet<>(outputs.keySet());
    calls.stream()
        .filter(ToolCall::awaitsClient)
        .forEach(call -> unknown.remove(call.id().value()));
    if (!unknown.isEmpty()) {
      throw ApiException.invalid(
          "tool_outputs",
          "Invalid 'tool_outputs': the run does not wait for %s.".formatted(unknown));
    }
  }
}
