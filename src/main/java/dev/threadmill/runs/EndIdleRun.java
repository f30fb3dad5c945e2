package dev.threadmill.runs;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.ToolCall;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ends a run that nobody executes: one that is queued, or waits for its client or for other
 * assistants. Tool calls without a result get one that says so, in the same transaction.
 */
@ApplicationScoped
public class EndIdleRun {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final StepStore steps;
  private final ChildRuns children;
  private final CancelChildRuns stopChildren;
  private final RunSignals signals;

  EndIdleRun(
      Jdbc jdbc,
      RunStore runs,
      StepStore steps,
      ChildRuns children,
      CancelChildRuns stopChildren,
      RunSignals signals) {
    this.children = children;
    this.stopChildren = stopChildren;
    this.jdbc = jdbc;
    this.runs = runs;
    this.steps = steps;
    this.signals = signals;
  }

  /**
   * Ends the run, unless somebody executes it, it has ended, or it has handed over: then it ends
   * with the one that answers. The run if it was ended here.
   */
  public Optional<Run> end(ThreadId thread, RunId id, Run.End end, Instant at) {
    var ended =
        jdbc.inTransaction(
            tx -> {
              FinishRun.touchThread(tx, thread, at);
              return runs.lock(tx, thread, id)
                  .filter(run -> run.owner() == null && !run.status().isTerminal())
                  .filter(run -> !run.settings().routes() || !children.isHandedOver(tx, run))
                  .map(run -> end(tx, run, end, at));
            });
    ended.ifPresent(
        run -> {
          signals.runChanged(id);
          stopChildren.afterEnd(run);
        });
    return ended;
  }

  private Run end(Tx tx, Run run, Run.End end, Instant at) {
    var ended = run.ended(end, at);
    var news = new ArrayList<RunEvent>();
    if (end.status() == RunStatus.CANCELLED) {
      news.add(new RunEvent.RunStatusChanged(RunStatus.CANCELLING.wire()));
    }
    steps
        .lastOf(tx, run)
        .filter(step -> step.status() == Step.Status.IN_PROGRESS)
        .ifPresent(step -> news.add(close(tx, step, end, at)));
    news.add(new RunEvent.RunStatusChanged(end.status().wire()));
    runs.setEnd(tx, ended, EventLog.format(news));
    children.ended(tx, ended);
    return ended;
  }

  private RunEvent close(Tx tx, Step step, Run.End end, Instant at) {
    var how =
        switch (end.status()) {
          case CANCELLED -> Step.Status.CANCELLED;
          case EXPIRED -> Step.Status.EXPIRED;
          case QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING, COMPLETED, FAILED, INCOMPLETE ->
              Step.Status.FAILED;
        };
    var closed = closedCalls(step, end).ended(how, at, null);
    steps.setOutputs(tx, closed);
    steps.setEnd(tx, closed);
    return new RunEvent.StepStatusChanged(step.ordinal(), how.wire());
  }

  private static Step closedCalls(Step step, Run.End end) {
    List<ToolCall> calls =
        step.calls().stream()
            .map(
                call ->
                    call.isOpen()
                        ? call.withOutput(AssistantMessages.outputOfUnfinishedCall(end))
                        : call)
            .toList();
    return step.with(calls);
  }
}
