package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Tx;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.routing.ResumeParent;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.threads.LockedThread;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Stores outputs of tool calls of a thread that another run is to continue with. A run that waits
 * for them completes; one that has ended meanwhile keeps its status.
 */
@ApplicationScoped
class CompleteOpenCalls {
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final StepWriter stepWriter;
  private final ToolCallStore calls;
  private final ResumeParent resumeParent;
  private final RunSignals signals;
  private final ContentGate gate;
  private final InstantSource clock;

  CompleteOpenCalls(
      RunStore runs,
      RunTransitions transitions,
      StepStore steps,
      StepWriter stepWriter,
      ToolCallStore calls,
      ResumeParent resumeParent,
      RunSignals signals,
      ContentGate gate,
      InstantSource clock) {
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.stepWriter = stepWriter;
    this.calls = calls;
    this.resumeParent = resumeParent;
    this.signals = signals;
    this.gate = gate;
    this.clock = clock;
  }

  /**
   * An output of a client.
   *
   * @param call the id by which the client knows the call
   */
  record Output(String call, String text) {}

  /**
   * The outputs as they pass the content filters. Not to be called within a transaction.
   *
   * @throws ApiException 400 if a filter rejects one
   */
  Map<ToolCallId, Output> filtered(
      ProjectId project, ThreadId thread, Map<String, String> outputs) {
    var source = ContentSource.tool(project, null, thread);
    var filtered = new HashMap<ToolCallId, Output>();
    outputs.forEach(
        (call, output) ->
            filtered.put(
                PrepareEntries.idOf(call),
                new Output(call, gate.applyTo("input", source, output))));
    return filtered;
  }

  /**
   * Stores the outputs.
   *
   * @return the thread, without an active run if that has completed with the outputs
   * @throws ApiException 400 if the thread has no such call, or if a call is left without an output
   */
  LockedThread complete(Tx tx, LockedThread thread, Map<ToolCallId, Output> outputs) {
    if (outputs.isEmpty()) {
      return thread;
    }
    var found = calls.find(tx, thread.projectId(), thread.id(), outputs.keySet());
    requireAll(outputs, found);
    var at = clock.instant();
    var free = thread;
    for (var each : found) {
      var output = outputs.get(each.call().id()).text();
      boolean isWaitedFor =
          each.runStatus() == RunStatus.REQUIRES_ACTION && each.call().awaitsClient();
      if (isWaitedFor && free.activeRun() != null) {
        var run = runs.lock(tx, thread.id(), each.run()).orElseThrow();
        completeRun(tx, run, outputs, at);
        free = free.withoutActiveRun();
      } else if (!isWaitedFor && mayCompleteLate(each)) {
        stepWriter.setLateOutput(tx, thread.id(), each.call().id(), output, at);
      }
    }
    return free;
  }

  /** A call whose run has ended without its output has one that states this. */
  private static boolean mayCompleteLate(ToolCallStore.CallOfRun call) {
    return call.runStatus() == null
        ? call.call().isOpen()
        : call.runStatus() == RunStatus.EXPIRED || call.runStatus() == RunStatus.CANCELLED;
  }

  private static void requireAll(
      Map<ToolCallId, Output> outputs, List<ToolCallStore.CallOfRun> found) {
    var unknown = new ArrayList<>(outputs.keySet());
    found.forEach(each -> unknown.remove(each.call().id()));
    if (!unknown.isEmpty()) {
      throw ToolCallErrors.noCall(outputs.get(unknown.getFirst()).call());
    }
  }

  private void completeRun(Tx tx, Run run, Map<ToolCallId, Output> outputs, Instant at) {
    var waiting = steps.lastOf(tx, run).orElseThrow();
    var answered =
        waiting.with(
            waiting.calls().stream()
                .map(
                    call ->
                        call.awaitsClient() && outputs.containsKey(call.id())
                            ? call.withOutput(outputs.get(call.id()).text())
                            : call)
                .toList());
    answered.openCalls().stream()
        .findFirst()
        .ifPresent(
            open -> {
              throw ToolCallErrors.noOutput(open.id().value());
            });
    var step = answered.ended(Step.Status.COMPLETED, at, null);
    stepWriter.setOutputs(tx, step);
    stepWriter.setEnd(tx, step);
    var ended = run.ended(Run.End.COMPLETED, at);
    var events =
        List.<RunEvent>of(
            new RunEvent.StepStatusChanged(step.ordinal(), Step.Status.COMPLETED.wire()),
            new RunEvent.RunStatusChanged(RunStatus.COMPLETED.wire()));
    transitions.endLocked(tx, ended, EventLog.format(events));
    resumeParent.childEnded(tx, ended);
    tx.afterCommit(() -> signals.runChanged(run.id()));
  }
}
