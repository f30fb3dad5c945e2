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
final class Leavings {
  final List<Message> messages = new ArrayList<>();
  final List<Step> steps = new ArrayList<>();
  final List<Step> answered = new ArrayList<>();
  final List<StreamEvent> news = new ArrayList<>();
  final List<RouteCalls.Child> children = new ArrayList<>();
  Next next = Next.GO_ON;
  Run end;

  /** What comes after what was stored. */
  enum Next {
    GO_ON,
    ASK_CLIENT,
    AWAIT_AGENTS,
    HAND_OVER
  }

  void addMessage(Step step, Message message) {
    messages.add(message);
    news.add(StreamEvents.messageEnded(step, message));
    addStep(step);
  }

  void addStep(Step step) {
    steps.add(step);
    news.add(StreamEvents.stepEnded(step));
  }

  /**
   * Calls that the end of their run has cut short.
   *
   * @param to the steps that are stored already, or those that are not
   */
  void addCut(List<Step> to, Step open, Run.End end, Instant at) {
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
    news.add(StreamEvents.stepEnded(step));
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
  void addUnfinished(AnswerAccumulator turn, Usage usage, Run run, Run.End end, Instant at) {
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
      addCut(steps, turn.callStep().with(usage), end, at);
    }
  }

  /**
   * What is to be done about a step: other assistants are waited for before the client is asked.
   */
  static Next nextAfter(Step step) {
    var open = open(step);
    if (open.isEmpty() || !open.stream().allMatch(call -> call.executor().isAwaited())) {
      return Next.GO_ON;
    }
    return open.stream().anyMatch(ToolCall::isAgentsTurn) ? Next.AWAIT_AGENTS : Next.ASK_CLIENT;
  }

  static boolean isAnswered(Step step) {
    return open(step).isEmpty();
  }

  /** The calls of a step that have no result yet. */
  static List<ToolCall> open(Step step) {
    return step.calls().stream().filter(ToolCall::isOpen).toList();
  }
}
