package dev.threadmill.runs.maintenance;

import static dev.threadmill.runs.store.StreamedText.ARGUMENTS;
import static dev.threadmill.runs.store.StreamedText.COMMENTARY;
import static dev.threadmill.runs.store.StreamedText.MESSAGE;
import static dev.threadmill.runs.store.StreamedText.REASONING;
import static dev.threadmill.runs.store.StreamedText.REFUSAL;

import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Annotation;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The step that was open when its node failed, rebuilt from the journal.
 *
 * @param step the step that was open, with the tool calls that the journal has
 * @param isMessageBegun whether its message was created
 * @param text the text of its message that the journal has
 * @param refusal the refusal in its message; empty for none
 * @param annotations those of the text
 */
record InterruptedStep(
    Step step, boolean isMessageBegun, String text, String refusal, List<Annotation> annotations) {

  /**
   * The open step at the end of these events, if there is one.
   *
   * @param events those that are in the journal and not yet stored
   */
  static Optional<InterruptedStep> of(Run run, List<RunEvent> events) {
    Step open = null;
    boolean isMessageBegun = false;
    var texts = new EnumMap<StreamedText, StringBuilder>(StreamedText.class);
    var calls = new ArrayList<ToolCall>();
    var annotations = new ArrayList<Annotation>();
    for (var event : events) {
      switch (event) {
        case RunEvent.StepCreated(var ordinal, var type, var createdAt) -> {
          var at = StreamEvents.ofMicros(createdAt);
          open = Step.started(run, run.attempt(), ordinal, type, at);
          isMessageBegun = false;
          texts.clear();
          calls.clear();
          annotations.clear();
        }
        case RunEvent.StepStatusChanged(_, var state) ->
            open = state.equals("in_progress") ? open : null;
        case RunEvent.MessageStatusChanged _ -> isMessageBegun = true;
        case RunEvent.AnnotationAdded(_, _, var annotation) -> annotations.add(annotation);
        case RunEvent.CallStarted(var ordinal, var call, var name) -> {
          var place = run.attempt() + "/" + ordinal + "/" + call;
          calls.add(
              AnswerAccumulator.newCall(run, place, name)
                  .withOutput(AssistantMessages.INTERRUPTED));
        }
        case RunEvent.Delta(var target, _, var more) when target.text() == ARGUMENTS -> {
          var call = calls.get(target.call());
          calls.set(target.call(), call.withMoreArguments(more));
        }
        case RunEvent.Delta(var target, _, var more) ->
            texts.computeIfAbsent(target.text(), _ -> new StringBuilder()).append(more);
        case RunEvent.ThreadCreated _,
            RunEvent.RunStatusChanged _,
            RunEvent.CallRouted _,
            RunEvent.CallCompleted _,
            RunEvent.ImageAdded _,
            RunEvent.AttemptStarted _ -> {
          // Does not open a step.
        }
      }
    }
    if (open == null) {
      return Optional.empty();
    }
    var reasoning =
        StepReasoning.of(
            text(texts, REASONING),
            run.settings().sampling().reasoningEffort(),
            text(texts, COMMENTARY),
            null);
    return Optional.of(
        new InterruptedStep(
            open.with(List.copyOf(calls)).with(reasoning),
            isMessageBegun,
            text(texts, MESSAGE),
            text(texts, REFUSAL),
            List.copyOf(annotations)));
  }

  private static String text(Map<StreamedText, StringBuilder> texts, StreamedText wanted) {
    return texts.containsKey(wanted) ? texts.get(wanted).toString() : "";
  }
}
