package dev.threadmill.runs.streams;

import dev.threadmill.runs.live.Answer;
import dev.threadmill.runs.live.EventId;
import dev.threadmill.runs.live.Frame;
import dev.threadmill.runs.live.Telling;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.TapeEvent;
import java.util.ArrayList;
import java.util.List;

/** What a reader who has come this far has not seen yet. */
final class Unseen {
  private Unseen() {}

  /**
   * The rest of the frames. A piece of text that was seen in part is cut; what an attempt had told
   * without storing it, and its successor knows nothing of, is closed.
   *
   * @param frames in their order; they need not begin at the beginning
   * @param seen the id of the last event that the reader has seen
   */
  static List<Frame> of(List<Frame> frames, EventId seen, Run run) {
    var rest = new ArrayList<Frame>();
    for (var frame : frames) {
      var id = frame.id();
      if (frame.event() instanceof TapeEvent.AttemptBegan && seen.attempt() < id.attempt()) {
        if (seen.position() > id.position()) {
          rest.addAll(closings(seen, id, run));
          seen = id;
        }
      } else if (frame.start() >= seen.position()) {
        rest.add(frame);
      } else if (id.position() > seen.position()) {
        rest.add(cut(frame, (int) (seen.position() - frame.start())));
      }
    }
    return rest;
  }

  /** The rest of a frame of the attempt that the reader is in; null if there is none. */
  static Frame of(Frame frame, EventId seen) {
    if (frame.id().attempt() != seen.attempt() || frame.start() >= seen.position()) {
      return frame;
    }
    return frame.id().position() > seen.position()
        ? cut(frame, (int) (seen.position() - frame.start()))
        : null;
  }

  /**
   * Closes what a reader saw being opened by an attempt that died before it had stored anything of
   * it. Nobody else knows of it, but its ids follow from its place.
   */
  private static List<Frame> closings(EventId seen, EventId next, Run run) {
    if (seen.openStep() == 0) {
      return List.of();
    }
    var type =
        seen.openMessage() || seen.beforeMessage()
            ? Step.Type.MESSAGE_CREATION
            : Step.Type.TOOL_CALLS;
    var step = Step.begun(run, seen.attempt(), seen.openStep(), type, run.times().created());
    var closings = new ArrayList<Frame>();
    if (seen.openMessage()) {
      closings.add(new Frame(next, Telling.messageEnded(step, Answer.lost(run, step))));
    }
    var failed =
        step.ended(Step.Status.FAILED, step.createdAt(), RunError.server(Answer.INTERRUPTED));
    closings.add(new Frame(next, Telling.stepEnded(failed)));
    return closings;
  }

  private static Frame cut(Frame frame, int from) {
    var step = frame.told().step();
    return switch (frame.event()) {
      case TapeEvent.TextDelta delta ->
          new Frame(frame.id(), Telling.text(step, delta.text().substring(from)));
      case TapeEvent.PieceHeard piece ->
          new Frame(
              frame.id(),
              Telling.pieceHeard(step, piece.call(), piece.part(), piece.text().substring(from)));
      case TapeEvent.AsideDelta delta ->
          new Frame(frame.id(), Telling.aside(step, delta.voice(), delta.text().substring(from)));
      case TapeEvent.ArgumentsDelta delta ->
          new Frame(
              frame.id(),
              Telling.arguments(
                  step,
                  delta.call(),
                  Telling.callType(frame.told()),
                  delta.text().substring(from)));
      case TapeEvent.ThreadCreated _,
          TapeEvent.RunIs _,
          TapeEvent.StepCreated _,
          TapeEvent.StepIs _,
          TapeEvent.MessageIs _,
          TapeEvent.CallStarted _,
          TapeEvent.CallRouted _,
          TapeEvent.CallAnswered _,
          TapeEvent.AttemptBegan _ ->
          frame;
    };
  }
}
