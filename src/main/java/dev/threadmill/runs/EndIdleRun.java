package dev.threadmill.runs;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.routing.ResumeParent;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;

/**
 * Ends a run that no node executes: one that is queued, or waits for its client or for child runs.
 * Tool calls without an output get one that states this, in the same transaction.
 */
@ApplicationScoped
public class EndIdleRun {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final StepWriter stepWriter;
  private final ChildRunStore children;
  private final ResumeParent resumeParent;
  private final ThreadTail threadTail;
  private final RunSignals signals;

  public EndIdleRun(
      Jdbc jdbc,
      RunStore runs,
      RunTransitions transitions,
      StepStore steps,
      StepWriter stepWriter,
      ChildRunStore children,
      ResumeParent resumeParent,
      ThreadTail threadTail,
      RunSignals signals) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.stepWriter = stepWriter;
    this.children = children;
    this.resumeParent = resumeParent;
    this.threadTail = threadTail;
    this.signals = signals;
  }

  /**
   * Commits the end of a run, for {@link Run.End#EXPIRED} that of its time, unless a node executes
   * it, it has ended, or it has handed off: then it ends together with the run that answers in its
   * place.
   *
   * @return the run if it was ended here
   */
  public Optional<Run> commitEnd(ThreadId thread, RunId id, Run.End end, Instant at) {
    return jdbc.inTransaction(
        tx -> {
          threadTail.advance(tx, thread, at);
          return runs.lock(tx, thread, id)
              .filter(run -> run.owner() == null && run.status().isActive())
              .filter(run -> !run.settings().canRoute() || !children.isHandedOff(tx, run))
              .map(run -> endLocked(tx, run, end == Run.End.EXPIRED ? run.endOfTime() : end, at));
        });
  }

  /**
   * Ends a locked run within a transaction, also if a node executes it: that node's next commit
   * fails.
   */
  Run endLocked(Tx tx, Run run, Run.End end, Instant at) {
    var ended = run.ended(end, at);
    var events = new ArrayList<RunEvent>();
    if (end.status() == RunStatus.CANCELLED) {
      events.add(new RunEvent.RunStatusChanged(RunStatus.CANCELLING.wire()));
    }
    steps
        .lastOf(tx, run)
        .filter(step -> step.status() == Step.Status.IN_PROGRESS)
        .ifPresent(step -> events.add(endStep(tx, step, end, at)));
    events.add(new RunEvent.RunStatusChanged(end.status().wire()));
    transitions.endLocked(tx, ended, EventLog.format(events));
    resumeParent.childEnded(tx, ended);
    tx.afterCommit(() -> signals.runChanged(run.id()));
    return ended;
  }

  private RunEvent endStep(Tx tx, Step step, Run.End end, Instant at) {
    var status = Step.Status.ofUnfinishedCalls(end.status());
    var ended = StepChanges.withOutputs(step, end).ended(status, at, null);
    stepWriter.setOutputs(tx, ended);
    stepWriter.setEnd(tx, ended);
    return new RunEvent.StepStatusChanged(step.ordinal(), status.wire());
  }
}
