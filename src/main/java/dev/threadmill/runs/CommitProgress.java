package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.routing.NewChildRun;
import dev.threadmill.runs.store.Continuation;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Commits what an executing run has done so far: a message, the calls of an answer, the outputs of
 * calls. Each method commits one transaction and returns false if nothing was committed, because
 * the run is cancelled or its attempt does not own it any more.
 */
@ApplicationScoped
public class CommitProgress implements AnswerAccumulator.StepCommitter {
  private final AttemptCommit attemptCommit;

  public CommitProgress(AttemptCommit attemptCommit) {
    this.attemptCommit = attemptCommit;
  }

  /** Commits a step in which the model reasoned and called nothing. */
  @Override
  public boolean commitReasoning(RunExecution execution, Step step) {
    var at = execution.nextTimestamp();
    var changes = new StepChanges();
    changes.addStep(step.with(Usage.NONE).ended(Step.Status.COMPLETED, at, null));
    return attemptCommit.commit(execution, changes);
  }

  /** Commits a complete message whose answer continues with tool calls. */
  @Override
  public boolean commitMessage(RunExecution execution, AnswerAccumulator accumulator) {
    var at = execution.nextTimestamp();
    var changes = new StepChanges();
    var step = accumulator.messageStep().with(Usage.NONE).ended(Step.Status.COMPLETED, at, null);
    changes.addMessage(
        step, AssistantMessages.completed(execution.run(), step, accumulator.content(), at));
    return attemptCommit.commit(execution, changes);
  }

  /**
   * Commits the calls of an answer before any of them is executed. Calls that were refused have
   * their outputs. If the server executes none of them, the run waits for its child runs or its
   * client; if all were refused, the step ends.
   *
   * @param children the runs of the calls that other assistants answer
   */
  boolean commitCalls(RunExecution execution, Step step, Usage usage, List<NewChildRun> children) {
    var at = execution.nextTimestamp();
    execution.addUsage(usage);
    var changes = new StepChanges();
    changes.newChildren.addAll(children);
    for (int i = 0; i < step.calls().size(); i++) {
      var call = step.calls().get(i);
      if (call.routing() != null) {
        changes.events.add(StreamEvents.callRouted(step, i, call));
      }
      if (!call.isOpen()) {
        changes.events.add(StreamEvents.callCompleted(step, i, call));
      }
    }
    var stored = step.hasAllOutputs() ? step.ended(Step.Status.COMPLETED, at, null) : step;
    changes.newSteps.add(stored.with(usage));
    addContinuation(execution, changes, stored.with(usage));
    if (children.stream().anyMatch(NewChildRun::isHandoff)) {
      changes.continuation = Continuation.HAND_OFF;
    }
    return attemptCommit.commit(execution, changes);
  }

  /**
   * Commits outputs of calls that the server or other assistants executed. With the last of them
   * the step ends, or the run waits for its client to execute the others.
   *
   * @param step with all outputs so far
   * @param calls the indexes of the calls that have been executed since the last commit
   * @param usage what child runs have used for them
   * @param isLast whether the server executes no further call of the step
   */
  boolean commitOutputs(
      RunExecution execution, Step step, List<Integer> calls, Usage usage, boolean isLast) {
    var at = execution.nextTimestamp();
    execution.addChildUsage(usage);
    var changes = new StepChanges();
    for (int call : calls) {
      if (!step.calls().get(call).isOpen()) {
        changes.events.add(StreamEvents.callCompleted(step, call, step.calls().get(call)));
      }
    }
    var stored = step.hasAllOutputs() ? step.ended(Step.Status.COMPLETED, at, null) : step;
    changes.updatedSteps.add(stored);
    if (isLast) {
      addContinuation(execution, changes, stored);
    }
    return attemptCommit.commit(execution, changes);
  }

  /** Commits that approved calls start now, or that the run waits for its child runs again. */
  boolean commitStarted(RunExecution execution, Step step) {
    execution.nextTimestamp();
    var changes = new StepChanges();
    changes.updatedSteps.add(step);
    changes.continuation = StepChanges.continuationAfter(step);
    return attemptCommit.commit(execution, changes);
  }

  private static void addContinuation(RunExecution execution, StepChanges changes, Step step) {
    changes.continuation = StepChanges.continuationAfter(step);
    if (changes.continuation == Continuation.AWAIT_CLIENT) {
      changes.events.add(
          StreamEvents.runRequiresAction(
              execution.run().withStatus(RunStatus.REQUIRES_ACTION), step, step.openCalls()));
    } else if (step.hasAllOutputs()) {
      changes.events.add(StreamEvents.stepEnded(step));
    }
  }
}
