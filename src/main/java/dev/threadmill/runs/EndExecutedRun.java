package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.execution.TraceRun;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import jakarta.enterprise.context.ApplicationScoped;

/** Commits the end of a run that this node executes. */
@ApplicationScoped
public class EndExecutedRun {
  private final AttemptCommit attemptCommit;
  private final CancelRun cancelRun;

  public EndExecutedRun(AttemptCommit attemptCommit, CancelRun cancelRun) {
    this.attemptCommit = attemptCommit;
    this.cancelRun = cancelRun;
  }

  /** Commits that the run ends without an answer that is to be stored. */
  boolean commitEnd(RunExecution execution, Run.End end) {
    return commitEnd(execution, null, Usage.NONE, end);
  }

  /**
   * Commits that the run ends, with the answer that it ends with.
   *
   * @param accumulator has the answer, complete or not; null if there is none
   * @param usage of the model call that the answer comes from
   * @return false if the attempt does not own the run any more: nothing was committed
   */
  boolean commitEnd(
      RunExecution execution, AnswerAccumulator accumulator, Usage usage, Run.End end) {
    var at = execution.nextTimestamp();
    execution.addUsage(usage);
    var run = execution.run().ended(end, at);
    var changes = new StepChanges();
    changes.end = run;
    if (end.status() == RunStatus.CANCELLED) {
      changes.events.add(StreamEvents.runAtStatus(run, RunStatus.CANCELLING, true));
    }
    if (execution.live().openStep() instanceof Step open) {
      changes.endCalls(changes.updatedSteps, open, end, at);
    } else if (accumulator != null) {
      changes.endAnswer(accumulator, execution.images(), usage, run, end, at);
    }
    changes.events.add(StreamEvents.runStatus(run));
    if (!attemptCommit.commit(execution, changes)) {
      return false;
    }
    TraceRun.ended(run);
    cancelRun.cancelChildrenOf(run);
    return true;
  }
}
