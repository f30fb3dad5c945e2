package dev.threadmill.runs.recovery;

import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;

/**
 * What a node had begun and told of when it died, pieced together from the journal.
 *
 * @param step the step that was open, with its tool calls as far as they had come
 * @param isMessageBegun whether its message had begun
 * @param text the text of its message as far as it had come
 */
record InterruptedStep(Step step, boolean isMessageBegun, String text) {

  /**
   * The open step at the end of these events, if there is one.
   *
   * @param events those that are in the journal and not yet stored
   */
  static Optional<InterruptedStep> of(Run run, List<RunEvent> events) {
    Step open = null;
    boolean isMessageBegun = false;
    var text = new StringBuilder();
    var asides = new EnumMap<StepReasoning.Kind, String>(StepReasoning.Kind.class);
    var calls = new ArrayList<ToolCall>();
    for (var event : events) {
      switch (event) {
        case RunEvent.StepCreated(var ordinal, var type, var createdAt) -> {
          var at = StreamEvents.ofMicros(createdAt);
          open = Step.started(run, run.attempt(), ordinal, type, at);
          isMessageBegun = false;
          text.setLength(0);
          asides.clear();
          calls.clear();
        }
        case RunEvent.StepStatusChanged(_, var state) ->
            open = state.equals("in_progress") ? open : null;
        case RunEvent.MessageStatusChanged _ -> isMessageBegun = true;
        case RunEvent.TextDelta delta -> text.append(delta.text());
        case RunEvent.ReasoningDelta delta ->
            asides.merge(delta.kind(), delta.text(), String::concat);
        case RunEvent.CallStarted(var ordinal, var call, var name) -> {
          var place = run.attempt() + "/" + ordinal + "/" + call;
          calls.add(
              AnswerAccumulator.newCall(run, place, name)
                  .withOutput(AssistantMessages.INTERRUPTED));
        }
        case RunEvent.ArgumentsDelta delta -> {
          var call = calls.get(delta.call());
          calls.set(delta.call(), call.withMoreArguments(delta.text()));
        }
        case RunEvent.ThreadCreated _,
            RunEvent.RunStatusChanged _,
            RunEvent.CallRouted _,
            RunEvent.ToolOutputDelta _,
            RunEvent.CallCompleted _,
            RunEvent.AttemptStarted _ -> {
          // Opens nothing.
        }
      }
    }
    if (open == null) {
      return Optional.empty();
    }
    var aside =
        StepReasoning.of(
            asides.getOrDefault(StepReasoning.Kind.REASONING, ""),
            run.settings().reasoningEffort(),
            asides.getOrDefault(StepReasoning.Kind.COMMENTARY, ""),
            null);
    return Optional.of(
        new InterruptedStep(
            open.with(List.copyOf(calls)).with(aside), isMessageBegun, text.toString()));
  }
}
