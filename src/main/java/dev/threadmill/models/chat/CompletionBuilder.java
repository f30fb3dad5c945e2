package dev.threadmill.models.chat;

import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;

/** Puts together the answer from the pieces that have passed the content filters. */
final class CompletionBuilder {
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final SpeechBuilder speech = new SpeechBuilder();
  private final List<ModelDelta.Citation> citations = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<StringBuilder> arguments = new ArrayList<>();

  /** Adds the next piece, which is no batch. */
  void add(ModelDelta piece) {
    switch (piece) {
      case ModelDelta.Text(var more) -> text.append(more);
      case ModelDelta.Refusal(var more) -> refusal.append(more);
      case ModelDelta.Reasoning(var more) -> reasoning.append(more);
      case ModelDelta.ToolCallStarted(_, var name) -> {
        names.add(name);
        arguments.add(new StringBuilder());
      }
      case ModelDelta.ToolCallArguments(var index, var more) -> arguments.get(index).append(more);
      case ModelDelta.Speech more -> speech.add(more);
      case ModelDelta.Citation citation -> citations.add(citation);
      case ModelDelta.Batch _ -> throw new IllegalArgumentException("batches are unpacked");
    }
  }

  /** The spoken answer; null if there is none. */
  ChatCompletion.Audio audio() {
    return speech.build();
  }

  /** The pages that the answer cites. */
  List<ModelDelta.Citation> citations() {
    return citations;
  }

  /** The tokens of an answer that ended early, by our own count. */
  Usage usage(ModelRequest request) {
    int completion = TokenCounter.count(text.toString()) + TokenCounter.count(refusal.toString());
    for (int i = 0; i < names.size(); i++) {
      completion +=
          TokenCounter.count(names.get(i)) + TokenCounter.count(arguments.get(i).toString());
    }
    int thought = TokenCounter.count(reasoning.toString());
    return new Usage(TokenCounter.count(request), completion + thought, thought);
  }

  /** The answer. Its calls have no ids, which the client's call gives them. */
  ModelResponse build(ModelResponse.FinishReason finish, Usage usage) {
    var calls = new ArrayList<ModelToolCall>();
    for (int i = 0; i < names.size(); i++) {
      calls.add(new ModelToolCall("", names.get(i), arguments.get(i).toString()));
    }
    return new ModelResponse(
        text.toString(), orNull(refusal), orNull(reasoning), calls, null, finish, usage);
  }

  private static String orNull(StringBuilder text) {
    return text.isEmpty() ? null : text.toString();
  }
}
