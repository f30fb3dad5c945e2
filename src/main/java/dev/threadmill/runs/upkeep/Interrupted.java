package dev.threadmill.runs.upkeep;

import dev.threadmill.runs.live.Answer;
import dev.threadmill.runs.live.Telling;
import dev.threadmill.runs.live.Turn;
import dev.threadmill.runs.store.Aside;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.TapeEvent;
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
record Interrupted(Step step, boolean isMessageBegun, String text) {

  /**
   * The open step at the end of these events, if there is one.
   *
   * @param events those that are in the journal and not yet stored
   */
  static Optional<Interrupted> of(Run run, List<TapeEvent> events) {
    Step open = null;
    boolean isMessageBegun = false;
    var text = new StringBuilder();
    var asides = new EnumMap<Aside.Voice, String>(Aside.Voice.class);
    var calls = new ArrayList<ToolCall>();
    for (var event : events) {
      switch (event) {
        case TapeEvent.StepCreated(var ordinal, var type, var createdAt) -> {
          var at = Telling.ofMicros(createdAt);
          open = Step.begun(run, run.attempt(), ordinal, type, at);
          isMessageBegun = false;
          text.setLength(0);
          asides.clear();
          calls.clear();
        }
        case TapeEvent.StepIs(_, var state) -> open = state.equals("in_progress") ? open : null;
        case TapeEvent.MessageIs _ -> isMessageBegun = true;
        case TapeEvent.TextDelta delta -> text.append(delta.text());
        case TapeEvent.AsideDelta delta ->
            asides.merge(delta.voice(), delta.text(), String::concat);
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
            TapeEvent.CallRouted _,
            TapeEvent.PieceHeard _,
            TapeEvent.CallAnswered _,
            TapeEvent.AttemptBegan _ -> {
          // Opens nothing.
        }
      }
    }
    if (open == null) {
      return Optional.empty();
    }
    var aside =
        Aside.of(
            asides.getOrDefault(Aside.Voice.REASONING, ""),
            run.settings().reasoningEffort(),
            asides.getOrDefault(Aside.Voice.COMMENTARY, ""),
            null);
    return Optional.of(
        new Interrupted(
            open.with(List.copyOf(calls)).with(aside), isMessageBegun, text.toString()));
  }
}
