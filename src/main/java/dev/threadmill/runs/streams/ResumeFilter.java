package dev.threadmill.runs.streams;

import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import java.util.ArrayList;
import java.util.List;

/** What a reader at a position still has to receive. */
final class ResumeFilter {
  private ResumeFilter() {}

  /**
   * The frames behind the position. A delta that the reader received in part is cut; a step that a
   * lost attempt opened and did not store is closed.
   *
   * @param frames in their order, from any position on
   * @param seen the id of the last event that the reader has received
   */
  static List<SseFrame> after(List<SseFrame> frames, EventId seen, Run run) {
    var rest = new ArrayList<SseFrame>();
    for (int i = 0; i < frames.size(); i++) {
      var frame = frames.get(i);
      var id = frame.id();
      if (frame.runEvent() instanceof RunEvent.AttemptStarted && seen.attempt() < id.attempt()) {
        if (seen.position() > frame.startPosition()) {
          rest.addAll(closingsOfLostAttempt(seen, frames.subList(i, frames.size()), run));
          seen = id;
        }
      } else if (frame.startPosition() >= seen.position()) {
        rest.add(frame);
      } else if (id.position() > seen.position()) {
        rest.add(cut(frame, (int) (seen.position() - frame.startPosition())));
      }
    }
    return rest;
  }

  /** The rest of a frame of the current attempt; null if the reader has received all of it. */
  static SseFrame after(SseFrame frame, EventId seen) {
    if (frame.id().attempt() != seen.attempt() || frame.startPosition() >= seen.position()) {
      return frame;
    }
    return frame.id().position() > seen.position()
        ? cut(frame, (int) (seen.position() - frame.startPosition()))
        : null;
  }

  /**
   * Closes the step that the reader received from an attempt whose last events are lost, as far as
   * the next attempt does not close it. A step without a row has ids that are derived from its
   * position.
   *
   * @param next the events of the next attempt
   */
  private static List<SseFrame> closingsOfLostAttempt(EventId seen, List<SseFrame> next, Run run) {
    if (seen.openStep() == 0) {
      return List.of();
    }
    var attempt = next.getFirst().id();
    var type =
        seen.openMessage() || seen.beforeMessage()
            ? Step.Type.MESSAGE_CREATION
            : Step.Type.TOOL_CALLS;
    var step = Step.started(run, seen.attempt(), seen.openStep(), type, run.times().created());
    var stored = closingsOf(seen.openStep(), next);
    var closings = new ArrayList<SseFrame>();
    if (seen.openMessage()
        && stored.stream().noneMatch(RunEvent.MessageStatusChanged.class::isInstance)) {
      closings.add(
          new SseFrame(
              attempt,
              StreamEvents.messageEnded(
                  step, AssistantMessages.interruptedBeforeCommit(run, step))));
    }
    if (stored.stream().noneMatch(RunEvent.StepStatusChanged.class::isInstance)) {
      var error = RunError.server(AssistantMessages.INTERRUPTED);
      var failed = step.ended(Step.Status.FAILED, step.createdAt(), error);
      closings.add(new SseFrame(attempt, StreamEvents.stepEnded(failed)));
    }
    return closings;
  }

  /**
   * The events right behind the start of an attempt that close this step, which the journal of the
   * attempt before had.
   */
  private static List<RunEvent> closingsOf(int openStep, List<SseFrame> next) {
    return next.stream()
        .skip(1)
        .map(SseFrame::runEvent)
        .takeWhile(
            event ->
                switch (event) {
                  case RunEvent.MessageStatusChanged(var step, _) -> step == openStep;
                  case RunEvent.StepStatusChanged(var step, _) -> step == openStep;
                  default -> false;
                })
        .toList();
  }

  private static SseFrame cut(SseFrame frame, int from) {
    return frame.runEvent() instanceof RunEvent.Delta
        ? new SseFrame(frame.id(), StreamEvents.restOfDelta(frame.streamEvent(), from))
        : frame;
  }
}
