package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.routing.NewChildRun;
import dev.threadmill.runs.store.Continuation;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The changes that one commit of an executing run contains, and the events that describe them. */
final class StepChanges {
  final List<Message> newMessages = new ArrayList<>();
  final List<Step> newSteps = new ArrayList<>();
  final List<Step> updatedSteps = new ArrayList<>();
  final List<StreamEvent> events = new ArrayList<>();
  final List<NewChildRun> newChildren = new ArrayList<>();
  Continuation continuation = Continuation.CONTINUE;

  /** The run at its end; null if it continues. */
  Run end;

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
   * Ends a step together with its run. Calls without an output get one that states this.
   *
   * @param target {@link #newSteps} or {@link #updatedSteps}
   */
  void endCalls(List<Step> target, Step open, Run.End end, Instant at) {
    var step =
        withOutputs(open, end).ended(Step.Status.ofUnfinishedCalls(end.status()), at, errorOf(end));
    target.add(step);
    events.add(StreamEvents.stepEnded(step));
  }

  /** The step with an output for each call that the end of the run leaves unfinished. */
  static Step withOutputs(Step open, Run.End end) {
    return open.with(
        open.calls().stream()
            .map(
                call ->
                    call.isOpen()
                        ? call.withOutput(AssistantMessages.outputOfUnfinishedCall(end))
                        : call)
            .toList());
  }

  /**
   * Adds the answer, complete or not, that a run ends with.
   *
   * @param images what the message has behind its text if it is complete
   */
  void endAnswer(
      AnswerAccumulator accumulator,
      List<ContentPart.ImageFile> images,
      Usage usage,
      Run run,
      Run.End end,
      Instant at) {
    if (accumulator.messageStep() != null && accumulator.callStep() == null) {
      var step =
          accumulator
              .messageStep()
              .with(usage)
              .ended(Step.Status.whenRunEnds(end.status()), at, errorOf(end));
      if (accumulator.isMessageStarted() && end.status() == RunStatus.COMPLETED) {
        var content = withImages(step, accumulator.content(), images);
        addMessage(step, AssistantMessages.completed(run, step, content, at));
      } else if (accumulator.isMessageStarted()) {
        addMessage(
            step,
            AssistantMessages.incomplete(
                run, step, accumulator.content(), accumulator.isFiltered(), at));
      } else {
        addStep(step);
      }
    }
    if (accumulator.callStep() != null) {
      endCalls(newSteps, accumulator.callStep().with(usage), end, at);
    }
  }

  private List<ContentPart> withImages(
      Step step, List<ContentPart> content, List<ContentPart.ImageFile> images) {
    var all = new ArrayList<>(content);
    for (var image : images) {
      events.add(StreamEvents.imageAdded(step, all.size(), image));
      all.add(image);
    }
    return all;
  }

  private static RunError errorOf(Run.End end) {
    return end.error() == null ? null : end.error().forStep();
  }

  /** How a run continues after a step: it waits for child runs before it waits for its client. */
  static Continuation continuationAfter(Step step) {
    var open = step.openCalls();
    if (open.isEmpty() || !open.stream().allMatch(call -> call.executor().isExternal())) {
      return Continuation.CONTINUE;
    }
    return open.stream().anyMatch(ToolCall::awaitsChildRun)
        ? Continuation.AWAIT_CHILDREN
        : Continuation.AWAIT_CLIENT;
  }
}
