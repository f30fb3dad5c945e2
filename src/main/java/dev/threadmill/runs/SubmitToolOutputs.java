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
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Stores outputs that a client submits and continues its run: on this node if it has capacity, so
 * that the stream is served from memory, otherwise on the node that claims it.
 */
@ApplicationScoped
public class SubmitToolOutputs {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final StepWriter stepWriter;
  private final LocalRuns localRuns;
  private final StartRun startRun;
  private final NodeLease node;
  private final RunSignals signals;
  private final ConcurrencyLimit concurrency;
  private final ContentGate gate;
  private final InstantSource clock;
  private final Outbox outbox;

  public SubmitToolOutputs(
      Jdbc jdbc,
      RunStore runs,
      RunTransitions transitions,
      StepStore steps,
      StepWriter stepWriter,
      LocalRuns localRuns,
      StartRun startRun,
      NodeLease node,
      RunSignals signals,
      ConcurrencyLimit concurrency,
      ContentGate gate,
      InstantSource clock,
      Outbox outbox) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.stepWriter = stepWriter;
    this.localRuns = localRuns;
    this.startRun = startRun;
    this.node = node;
    this.signals = signals;
    this.concurrency = concurrency;
    this.gate = gate;
    this.clock = clock;
    this.outbox = outbox;
  }

  /**
   * A run that continues.
   *
   * @param position in its event log before it continues, where a stream of it begins
   * @param live the run if this node executes it
   */
  public record Resumed(Run run, EventId position, Optional<LiveRun> live) {}

  /** Which outputs are submitted to which run. */
  private record Submission(
      ProjectId project,
      ThreadId thread,
      RunId run,
      ToolOutputs outputs,
      boolean isComplete,
      BeforeResume hook) {}

  /** Takes part in the transaction that continues a run. */
  @FunctionalInterface
  public interface BeforeResume {
    /** Does nothing. */
    BeforeResume NONE = (_, _) -> {};

    /**
     * Called before the transaction is committed.
     *
     * @param position in the event log of the run before it continues
     */
    void onResume(Tx tx, EventId position);
  }

  /**
   * Stores the outputs of all calls that a run waits for, and continues it.
   *
   * @throws ApiException 404 if there is no such run; 400 if it waits for no outputs, or if the
   *     outputs are not exactly those that it waits for
   */
  public Resumed submit(ProjectId project, ThreadId thread, RunId id, ToolOutputs outputs) {
    return submit(project, thread, id, outputs, BeforeResume.NONE);
  }

  /** As {@link #submit(ProjectId, ThreadId, RunId, ToolOutputs)}. */
  public Resumed submit(
      ProjectId project, ThreadId thread, RunId id, ToolOutputs outputs, BeforeResume hook) {
    var filtered = filtered(project, thread, outputs, "tool_outputs[%d].output");
    return submit(new Submission(project, thread, id, filtered, true, hook)).orElseThrow();
  }

  /**
   * Stores one of the outputs that a run waits for. The run continues when it has the last one.
   *
   * @return the output as it is stored
   * @throws ApiException 404 if there is no such run; 400 if it does not wait for this output
   */
  String submitOne(ProjectId project, ThreadId thread, RunId id, ToolCallId call, String output) {
    var filtered = filtered(project, thread, ToolOutputs.of(call, output), "content");
    submit(new Submission(project, thread, id, filtered, false, BeforeResume.NONE));
    return filtered.toolOutputs().getFirst().output();
  }

  /**
   * @param param the field of the output, where {@code %d} stands for its index
   */
  private ToolOutputs filtered(
      ProjectId project, ThreadId thread, ToolOutputs outputs, String param) {
    var source = ContentSource.tool(project, null, thread);
    var passed = new ArrayList<ToolOutputs.Output>();
    for (var each : outputs.toolOutputs()) {
      passed.add(
          new ToolOutputs.Output(
              each.toolCallId(),
              gate.applyTo(param.formatted(passed.size()), source, each.output())));
    }
    return new ToolOutputs(passed, outputs.stream());
  }

  private Optional<Resumed> submit(Submission submission) {
    boolean isLimited = concurrency.isLimited(submission.project());
    boolean acquired = !isLimited && node.isRegistered() && localRuns.tryAcquire();
    Optional<ClaimedRun> resumed = Optional.empty();
    try {
      resumed = jdbc.inTransaction(tx -> store(tx, submission, acquired));
    } finally {
      if (acquired && resumed.isEmpty()) {
        localRuns.release(1);
      }
    }
    return resumed.map(run -> acquired ? start(run) : queue(run));
  }

  private Resumed start(ClaimedRun claimed) {
    var live = startRun.start(claimed);
    return new Resumed(claimed.run(), claimed.position(), Optional.of(live));
  }

  private Resumed queue(ClaimedRun queued) {
    var run = queued.run();
    signals.runQueued(concurrency.isLimited(run.projectId()));
    signals.runChanged(run.id());
    return new Resumed(run, queued.position(), Optional.empty());
  }

  /**
   * Stores the outputs.
   *
   * @param claim whether this node claims the run; otherwise it is queued
   * @return empty if the run waits for more outputs
   */
  private Optional<ClaimedRun> store(Tx tx, Submission submission, boolean claim) {
    var run =
        runs.lock(tx, submission.thread(), submission.run())
            .filter(found -> found.projectId().equals(submission.project()))
            .orElseThrow(() -> ApiException.notFound("run", submission.run()));
    if (run.status() != RunStatus.REQUIRES_ACTION) {
      throw ApiException.invalidState(
          "Runs in status \"%s\" do not accept tool outputs.".formatted(run.status().wire()));
    }
    var waiting = steps.lastOf(tx, run).orElseThrow();
    var answered =
        waiting.with(submission.outputs().applyTo(waiting.calls(), submission.isComplete()));
    stepWriter.setOutputs(tx, answered);
    recordCalls(tx, run, waiting, answered);
    if (!answered.hasAllOutputs()) {
      stepWriter.setExecutors(tx, answered);
    }
    if (answered.calls().stream().anyMatch(call -> call.awaitsClient())) {
      return Optional.empty();
    }
    if (submission.outputs().isStreamed()) {
      IdempotencyContext.note(IdempotencyContext.STREAM, EventId.endOf(run).toString());
    }
    submission.hook().onResume(tx, EventId.endOf(run));
    return Optional.of(resume(tx, run, answered, claim));
  }

  /** An event for each call that the client has executed, with the time since it was requested. */
  private void recordCalls(Tx tx, Run run, Step waiting, Step answered) {
    var at = clock.instant();
    for (int i = 0; i < waiting.calls().size(); i++) {
      var call = waiting.calls().get(i);
      if (call.isOpen()
          && call.executor() == ToolCall.Executor.CLIENT
          && !answered.calls().get(i).isOpen()) {
        outbox.append(
            tx,
            run.activity(Activity.TOOL_CALL, at)
                .tool(call.name())
                .latencyMs(Duration.between(waiting.createdAt(), at).toMillis())
                .status("completed")
                .detail("call_id", call.id().value())
                .detail("type", call.type())
                .detail("executor", "client")
                .build());
      }
    }
  }

  private ClaimedRun resume(Tx tx, Run run, Step answered, boolean claim) {
    var at = clock.instant();
    var step = answered;
    var events = new ArrayList<StreamEvent>();
    if (answered.hasAllOutputs()) {
      step = answered.ended(Step.Status.COMPLETED, at, null);
      stepWriter.setEnd(tx, step);
      events.add(StreamEvents.stepEnded(step));
    }
    events.add(StreamEvents.runAtStatus(run, RunStatus.QUEUED, true));
    var next = run.withStatus(RunStatus.QUEUED);
    if (claim) {
      next = next.claimed(node.id(), run.attempt() + 1, at);
      events.addFirst(StreamEvents.attemptStarted(next.attempt()));
      events.add(StreamEvents.runStatus(next));
    }
    var log = EventLog.format(events.stream().map(StreamEvent::event).toList());
    if (claim) {
      transitions.claim(tx, next, log);
    } else {
      transitions.requeue(tx, next, log);
    }
    // Figures and names of tools of earlier steps belong to the end of the run, too.
    var all = claim && step.ordinal() > 1 ? steps.ofRunWithCalls(tx, run) : List.of(step);
    return new ClaimedRun(next, EventId.endOf(run), events, all);
  }
}
