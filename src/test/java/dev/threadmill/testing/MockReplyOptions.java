package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replies that are encoded in the model's name, without a script: {@code mock-} and options,
 * separated by dashes.
 *
 * <ul>
 *   <li>{@code t200}: the first token after 200 ms; {@code i10}: 10 ms between tokens; {@code n50}:
 *       50 tokens (20 without it); {@code 0}: no waiting
 *   <li>{@code turns5}: five turns that call the first tool, then the text; {@code calls4}: four
 *       calls a turn
 *   <li>{@code cut}: the connection breaks after half of the tokens; {@code hang}: nothing comes;
 *       {@code 429}: the first request of each conversation is rejected with {@code Retry-After: 0}
 * </ul>
 */
record MockReplyOptions(
    int first,
    int between,
    int tokens,
    int turns,
    int calls,
    boolean cut,
    boolean hang,
    boolean busy) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Optional<MockReplyOptions> of(String model) {
    if (!model.startsWith("mock-")) {
      return Optional.empty();
    }
    int first = 0;
    int between = 0;
    int tokens = 20;
    int turns = 0;
    int calls = 1;
    boolean cut = false;
    boolean hang = false;
    boolean busy = false;
    for (var knob : model.substring("mock-".length()).split("-")) {
      if (knob.matches("turns\\d+")) {
        turns = Integer.parseInt(knob.substring(5));
      } else if (knob.matches("calls\\d+")) {
        calls = Integer.parseInt(knob.substring(5));
        turns = Math.max(1, turns);
      } else if (knob.matches("t\\d+")) {
        first = Integer.parseInt(knob.substring(1));
      } else if (knob.matches("i\\d+")) {
        between = Integer.parseInt(knob.substring(1));
      } else if (knob.matches("n\\d+")) {
        tokens = Integer.parseInt(knob.substring(1));
      } else {
        switch (knob) {
          case "cut" -> cut = true;
          case "hang" -> hang = true;
          case "429" -> busy = true;
          case "0" -> {}
          default -> {
            return Optional.empty();
          }
        }
      }
    }
    return Optional.of(new MockReplyOptions(first, between, tokens, turns, calls, cut, hang, busy));
  }

  /**
   * The reply to a request.
   *
   * @param before the number of earlier requests with the same prompt
   */
  Reply reply(JsonNode body, int before) {
    if (hang) {
      return Reply.hang();
    }
    if (busy && before == 0) {
      return Reply.error(429, "rate_limit_exceeded", "Slow down.").withHeader("retry-after", "0");
    }
    var steps = new ArrayList<Reply.Step>();
    if (first > 0) {
      steps.add(new Reply.Step.Pause(first));
    }
    var tools = body.path("tools");
    if (turns > turnsDone(body.path("messages")) && !tools.isEmpty()) {
      call(tools.get(0).path("function").path("name").asText(), steps);
    } else {
      tell(steps);
    }
    return Reply.streamed(steps);
  }

  private void call(String name, List<Reply.Step> steps) {
    for (int i = 0; i < calls; i++) {
      steps.add(
          new Reply.Step.Delta(Reply.toolCall(i, "call_mock_" + i, name, "{\"n\":" + i + "}")));
    }
    steps.add(new Reply.Step.Finish("tool_calls"));
    steps.add(new Reply.Step.Usage(10, calls));
    steps.add(new Reply.Step.Done());
  }

  private void tell(List<Reply.Step> steps) {
    for (int i = 0; i < tokens; i++) {
      if (cut && i == tokens / 2) {
        steps.add(new Reply.Step.Cut());
        return;
      }
      if (i > 0 && between > 0) {
        steps.add(new Reply.Step.Pause(between));
      }
      steps.add(new Reply.Step.Delta(JSON.createObjectNode().put("content", "tok" + i + " ")));
    }
    steps.add(new Reply.Step.Finish("stop"));
    steps.add(new Reply.Step.Usage(10, tokens));
    steps.add(new Reply.Step.Done());
  }

  /** The number of assistant messages with tool calls after the last user message. */
  private static int turnsDone(JsonNode messages) {
    int turns = 0;
    for (int i = messages.size() - 1; i >= 0; i--) {
      var message = messages.get(i);
      if (message.path("role").asText().equals("user")) {
        break;
      }
      turns += message.path("tool_calls").isEmpty() ? 0 : 1;
    }
    return turns;
  }
}
