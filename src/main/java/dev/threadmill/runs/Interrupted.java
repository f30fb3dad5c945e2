package dev.threadmill.runs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a node had begun and told of when it died, pieced together from the journal.
 *
 * @param step the step that was open, with its tool calls as far as they had come
 * @param text the text of its message as far as it had come
 */
record Interrupted(Step step, String text) {

  /**
   * The open step at the end of these events, if there is one.
   *
   * @param events those that are in the journal and not yet stored
   */
  static Optional<Interrupted> of(Run run, List<TapeEvent> events) {
    Step open = null;
    var text = new StringBuilder();
    var calls = new ArrayList<ToolCall>();
    for (var event : events) {
      switch (event) {
        case TapeEvent.StepCreated(var ordinal, var type, var createdAt) -> {
          var at = Telling.ofMicros(createdAt);
          open = Step.begun(run, run.attempt(), ordinal, type, at);
          text.setLength(0);
          calls.clear();
        }
        case TapeEvent.StepIs(_, var state) -> open = state.equals("in_progress") ? open : null;
        case TapeEvent.TextDelta delta -> text.append(delta.text());
        case TapeEvent.CallStarted(var ordinal, var call, var name) -> {
          var place = run.attempt() + "/" + ordinal + "/" + call;
          calls.add(Turn.callAt(run, place, name).withOutput(Answer.INTERRUPTED));
        }
        case TapeEvent.ArgumentsDelta delta -> {
          var call = calls.get(delta.call());
          calls.set(delta.call(), call.withMoreArguments(delta.text()));
        }
        case TapeEvent.ThreadCreated _,
            TapeEvent.RunIs _,
            TapeEvent.MessageIs _,
            TapeEvent.CallRouted _,
            TapeEvent.CallAnswered _,
            TapeEvent.AttemptBegan _ -> {
          // Opens nothing.
        }
      }
    }
    return open == null
        ? Optional.empty()
        : Optional.of(new Interrupted(open.with(List.copyOf(calls)), text.toString()));
  }
}
