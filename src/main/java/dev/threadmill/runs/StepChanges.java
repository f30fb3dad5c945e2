package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What a run leaves behind when it ends or pauses, or a step when it is done. */
final class StepChanges {
  final List<Message> newMessages = new ArrayList<>();
  final List<Step> newSteps = new ArrayList<>();
  final List<Step> updatedSteps = new ArrayList<>();
  final List<StreamEvent> events = new ArrayList<>();
  final List<RouteCalls.PreparedChild> newChildren = new ArrayList<>();
  Continuation continuation = Continuation.CONTINUE;
  Run end;

  /** What comes after what was stored. */
  enum Continuation {
    CONTINUE,
    AWAIT_CLIENT,
    AWAIT_CHILDREN,
    HAND_OFF
  }

  void addMessage(Step step, Message message) {
    newMessages.add(message);
    events.add(StreamEvents.messageEnded(step, message));
    addStep(step);
  }

  void addStep(Step step) {
    newSteps.add(step);
    events.add(StreamEvents.stepEnded(step));
  }

  /**
   * Calls that the end of their run has cut short.
   *
   * @param to the steps that are stored already, or those that are not
   */
  void addInterruptedCalls(List<Step> to, Step open, Run.End end, Instant at) {
    var calls =
        open.calls().stream()
            .map(
                call ->
                    call.isOpen()
                        ? call.withOutput(AssistantMessages.outputOfUnfinishedCall(end))
                        : call)
            .toList();
    var error = end.error() == null ? null : end.error().forStep();
    var step = open.with(calls).ended(cut(end), at, error);
    to.add(step);
    events.add(StreamEvents.stepEnded(step));
  }

  /** How a step of tool calls ends that the end of its run has cut short. */
  private static Step.Status cut(Run.End end) {
    return switch (end.status()) {
      case COMPLETED, INCOMPLETE, CANCELLED -> Step.Status.CANCELLED;
      case EXPIRED -> Step.Status.EXPIRED;
      case FAILED, QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> Step.Status.FAILED;
    };
  }

  /** The answer at which a run ends, whole or cut short. */
  void addLastAnswer(AnswerAccumulator turn, Usage usage, Run run, Run.End end, Instant at) {
    var error = end.error() == null ? null : end.error().forStep();
    var how =
        switch (end.status()) {
          case COMPLETED, INCOMPLETE -> Step.Status.COMPLETED;
          case CANCELLED -> Step.Status.CANCELLED;
          case EXPIRED -> Step.Status.EXPIRED;
          case FAILED, QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> Step.Status.FAILED;
        };
    if (turn.messageStep() != null && turn.callStep() == null) {
      var step = turn.messageStep().with(usage).ended(how, at, error);
      if (turn.isMessageStarted()) {
        addMessage(
            step,
            end.status() == RunStatus.COMPLETED
                ? AssistantMessages.completed(run, step, turn, at)
                : AssistantMessages.incomplete(run, step, turn, at));
      } else {
        addStep(step);
      }
    }
    if (turn.callStep() != null) {
      addInterruptedCalls(newSteps, turn.callStep().with(usage), end, at);
    }
  }

  /**
   * What is to be done about a step: other assistants are waited for before the client is asked.
   */
  static Continuation continuationAfter(Step step) {
    var open = openCalls(step);
    if (open.isEmpty() || !open.stream().allMatch(call -> call.executor().isExternal())) {
      return Continuation.CONTINUE;
    }
    return open.stream().anyMatch(ToolCall::awaitsChildRun)
        ? Continuation.AWAIT_CHILDREN
        : Continuation.AWAIT_CLIENT;
  }

  static boolean hasAllOutputs(Step step) {
    return openCalls(step).isEmpty();
  }

  /** The calls of a step that have no result yet. */
  static List<ToolCall> openCalls(Step step) {
    return step.calls().stream().filter(ToolCall::isOpen).toList();
  }
}
