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

/** What a reader who has come this far has not seen yet. */
final class ResumeFilter {
  private ResumeFilter() {}

  /**
   * The rest of the frames. A piece of text that was seen in part is cut; what an attempt had told
   * without storing it, and its successor knows nothing of, is closed.
   *
   * @param frames in their order; they need not begin at the beginning
   * @param seen the id of the last event that the reader has seen
   */
  static List<SseFrame> after(List<SseFrame> frames, EventId seen, Run run) {
    var rest = new ArrayList<SseFrame>();
    for (var frame : frames) {
      var id = frame.id();
      if (frame.runEvent() instanceof RunEvent.AttemptStarted && seen.attempt() < id.attempt()) {
        if (seen.position() > id.position()) {
          rest.addAll(closingsOfLostAttempt(seen, id, run));
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

  /** The rest of a frame of the attempt that the reader is in; null if there is none. */
  static SseFrame after(SseFrame frame, EventId seen) {
    if (frame.id().attempt() != seen.attempt() || frame.startPosition() >= seen.position()) {
      return frame;
    }
    return frame.id().position() > seen.position()
        ? cut(frame, (int) (seen.position() - frame.startPosition()))
        : null;
  }

  /**
   * Closes what a reader saw being opened by an attempt that died before it had stored anything of
   * it. Nobody else knows of it, but its ids follow from its place.
   */
  private static List<SseFrame> closingsOfLostAttempt(EventId seen, EventId next, Run run) {
    if (seen.openStep() == 0) {
      return List.of();
    }
    var type =
        seen.openMessage() || seen.beforeMessage()
            ? Step.Type.MESSAGE_CREATION
            : Step.Type.TOOL_CALLS;
    var step = Step.started(run, seen.attempt(), seen.openStep(), type, run.times().created());
    var closings = new ArrayList<SseFrame>();
    if (seen.openMessage()) {
      closings.add(
          new SseFrame(
              next,
              StreamEvents.messageEnded(
                  step, AssistantMessages.interruptedBeforeCommit(run, step))));
    }
    var failed =
        step.ended(
            Step.Status.FAILED, step.createdAt(), RunError.server(AssistantMessages.INTERRUPTED));
    closings.add(new SseFrame(next, StreamEvents.stepEnded(failed)));
    return closings;
  }

  private static SseFrame cut(SseFrame frame, int from) {
    return frame.runEvent() instanceof RunEvent.Delta
        ? new SseFrame(frame.id(), StreamEvents.restOfDelta(frame.streamEvent(), from))
        : frame;
  }
}
