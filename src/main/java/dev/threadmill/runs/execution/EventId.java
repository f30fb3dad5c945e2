package dev.threadmill.runs.execution;

import dev.threadmill.api.ApiException;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import java.util.regex.Pattern;

/**
 * The SSE id of an event of a run, which is the position of a reader that has received it.
 *
 * @param attempt the attempt that published the event
 * @param position the position in the event log behind the event
 * @param openStep the ordinal of the step that is open at this position, 0 for none
 * @param openMessage whether that step's message is open
 * @param beforeMessage whether that step has not started its message yet
 */
public record EventId(
    int attempt, long position, int openStep, boolean openMessage, boolean beforeMessage) {
  /** The position before the first event. */
  public static final EventId START = new EventId(0, 0, 0, false, false);

  private static final Pattern FORM =
      Pattern.compile("(\\d{1,9})-(\\d{1,18})(?:-([msn])(\\d{1,9}))?");

  /**
   * Reads a {@code Last-Event-ID}.
   *
   * @throws ApiException 400 if it is not the id of an event
   */
  public static EventId parse(String text) {
    var parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw ApiException.invalid(
          "Last-Event-ID", "Invalid 'Last-Event-ID': expected the id of an event of this run.");
    }
    return new EventId(
        Integer.parseInt(parts.group(1)),
        Long.parseLong(parts.group(2)),
        parts.group(4) == null ? 0 : Integer.parseInt(parts.group(4)),
        "m".equals(parts.group(3)),
        "n".equals(parts.group(3)));
  }

  /** Whether it lies before the other. */
  public boolean isBefore(EventId other) {
    return attempt < other.attempt || (attempt == other.attempt && position < other.position);
  }

  /** The id behind all events in the log of a run. */
  public static EventId endOf(Run run) {
    var end = START;
    for (var event : EventLog.parse(run.eventLog())) {
      end = end.after(event);
    }
    return end;
  }

  /** The position behind the next event. */
  public EventId after(RunEvent event) {
    long next = position + event.length();
    return switch (event) {
      case RunEvent.AttemptStarted(var begun) -> new EventId(begun, next, 0, false, false);
      case RunEvent.StepCreated created ->
          new EventId(
              attempt, next, created.step(), false, created.type() == Step.Type.MESSAGE_CREATION);
      case RunEvent.StepStatusChanged(var step, var state) when state.equals("in_progress") ->
          new EventId(attempt, next, step, false, step == openStep && beforeMessage);
      case RunEvent.StepStatusChanged _ -> new EventId(attempt, next, 0, false, false);
      case RunEvent.MessageStatusChanged(var step, var state) ->
          new EventId(
              attempt, next, step, state.equals("created") || state.equals("in_progress"), false);
      case RunEvent.Delta _,
          RunEvent.AnnotationAdded _,
          RunEvent.ImageAdded _,
          RunEvent.CallStarted _,
          RunEvent.CallRouted _,
          RunEvent.CallCompleted _,
          RunEvent.RunStatusChanged _,
          RunEvent.ThreadCreated _ ->
          new EventId(attempt, next, openStep, openMessage, beforeMessage);
    };
  }

  @Override
  public String toString() {
    var open = openStep == 0 ? "" : (openMessage ? "-m" : beforeMessage ? "-n" : "-s") + openStep;
    return attempt + "-" + position + open;
  }
}
