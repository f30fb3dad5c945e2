package dev.threadmill.runs.store;

import dev.threadmill.api.Json;
import dev.threadmill.threads.Annotation;
import java.util.List;

/** An event as the journal stores it: its code and, unlike in the event log, its text. */
public final class JournalFormat {
  private JournalFormat() {}

  /** The code of an event, followed by its text if it has one. */
  public static List<String> format(RunEvent event) {
    return switch (event) {
      case RunEvent.Delta delta -> List.of(event.code(), delta.text());
      case RunEvent.AnnotationAdded added -> List.of(event.code(), Json.write(added.annotation()));
      case RunEvent.CallStarted started -> List.of(event.code(), started.name());
      case RunEvent.CallCompleted completed -> List.of(event.code(), completed.output());
      case RunEvent.ThreadCreated _,
          RunEvent.RunStatusChanged _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.ImageAdded _,
          RunEvent.CallRouted _,
          RunEvent.AttemptStarted _ ->
          List.of(event.code());
    };
  }

  /** The inverse of {@link #format}. */
  public static RunEvent parse(List<String> stored) {
    var event = RunEvent.parse(stored.getFirst());
    return switch (event) {
      case RunEvent.Delta(var target, var length, _) ->
          new RunEvent.Delta(target, length, stored.getLast());
      case RunEvent.AnnotationAdded(var step, var index, _) ->
          new RunEvent.AnnotationAdded(step, index, Json.read(stored.getLast(), Annotation.class));
      case RunEvent.CallStarted(var step, var call, _) ->
          new RunEvent.CallStarted(step, call, stored.getLast());
      case RunEvent.CallCompleted(var step, var call, _) ->
          new RunEvent.CallCompleted(step, call, stored.getLast());
      case RunEvent.ThreadCreated _,
          RunEvent.RunStatusChanged _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.ImageAdded _,
          RunEvent.CallRouted _,
          RunEvent.AttemptStarted _ ->
          event;
    };
  }
}
