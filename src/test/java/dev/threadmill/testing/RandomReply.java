package dev.threadmill.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random answer of a model. The name of the model has the seed: {@code random-17}. The functions
 * are {@code ask}, {@code tell} and {@code shell} of the client, and {@code web_search}.
 */
public final class RandomReply {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<String> WORDS =
      List.of(
          "one ",
          "Stra\u00dfe ",
          "\ud83d\ude00",
          "\ud83d\udc69\u200d\ud83d\udc67",
          "e\u0301 ",
          "\n\n",
          "\"quoted\\\" ",
          "\u30101:0\u2020source\u3011",
          "\u3010",
          "https://news.example/rain ",
          "(https://other.example/x)",
          "sandbox:/mnt/data/a.csv ",
          "<b>",
          "");

  private final Random random;
  private final List<Reply.Step> steps = new ArrayList<>();
  private int calls;

  private RandomReply(long seed) {
    random = new Random(seed);
  }

  /** The answer to a request. The first two of a run may search the web, the others end it. */
  public static Reply of(FakeProvider.Request request) {
    long seed = Long.parseLong(request.model().substring(request.model().lastIndexOf('-') + 1));
    int turn = 0;
    for (var message : request.body().path("messages")) {
      turn += message.path("role").asText().equals("assistant") ? 1 : 0;
    }
    return new RandomReply(seed * 1_000 + turn).make(turn);
  }

  private Reply make(int turn) {
    delta(delta().put("role", "assistant").put("content", ""));
    if (random.nextInt(3) == 0) {
      pieces("reasoning_content", text());
    }
    if (turn < 2 && random.nextInt(3) == 0) {
      maybeText();
      for (int i = random.nextInt(2); i >= 0; i--) {
        call("web_search", "{\"query\": \"" + random.nextInt(100) + " \u00fc\"}");
      }
      return end("tool_calls");
    }
    return switch (random.nextInt(8)) {
      case 0 -> refused();
      case 1, 2 -> calling();
      case 3 -> {
        pieces("content", text());
        yield end("length");
      }
      case 4 -> {
        pieces("content", text());
        yield end(random.nextBoolean() ? "content_filter" : "stop");
      }
      case 5 -> {
        pieces("content", "It begins. " + text());
        steps.add(new Reply.Step.Cut());
        yield Reply.streamed(steps);
      }
      default -> {
        pieces("content", text());
        yield end("stop");
      }
    };
  }

  private Reply refused() {
    if (random.nextBoolean()) {
      pieces("content", "Well. ");
    }
    pieces("refusal", "I cannot. " + text());
    return end("stop");
  }

  private Reply calling() {
    maybeText();
    for (int i = random.nextInt(3); i >= 0; i--) {
      switch (random.nextInt(8)) {
        case 0 -> call("tell", "{\"x\": 5}");
        case 1, 2 -> call("ask", "{}");
        case 3, 4 -> call("tell", JSON.createObjectNode().put("x", text()).toString());
        default -> call("shell", JSON.createObjectNode().put("input", text()).toString());
      }
    }
    if (random.nextInt(4) == 0) {
      call("shell", "{\"input\": \"rm " + random.nextInt(100));
      return end("length");
    }
    return end("tool_calls");
  }

  private void maybeText() {
    if (random.nextInt(3) == 0) {
      pieces("content", text());
    }
  }

  private Reply end(String reason) {
    steps.add(new Reply.Step.Finish(reason));
    steps.add(new Reply.Step.Usage(10, 5));
    steps.add(new Reply.Step.Done());
    return Reply.streamed(steps);
  }

  private String text() {
    var text = new StringBuilder();
    for (int i = random.nextInt(8); i >= 0; i--) {
      text.append(WORDS.get(random.nextInt(WORDS.size())));
    }
    return text.append('.').toString();
  }

  private void call(String name, String arguments) {
    int index = calls++;
    delta(Reply.toolCall(index, "call_" + index + "_" + random.nextInt(1 << 20), name, ""));
    for (var piece : split(arguments)) {
      delta(Reply.toolCall(index, null, null, piece));
    }
  }

  private void pieces(String field, String text) {
    split(text).forEach(piece -> delta(delta().put(field, piece)));
  }

  /** Pieces of any length, some of them empty, some ending within a surrogate pair. */
  private List<String> split(String text) {
    var pieces = new ArrayList<String>();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + random.nextInt(6));
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }

  private static ObjectNode delta() {
    return JSON.createObjectNode();
  }

  /** The chunk in ASCII: halves of surrogate pairs stay what they are. */
  private void delta(JsonNode delta) {
    var chunk = JSON.createObjectNode().put("id", "c").put("object", "chat.completion.chunk");
    chunk.putArray("choices").addObject().put("index", 0).set("delta", delta);
    try {
      var json = JSON.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(chunk);
      steps.add(new Reply.Step.Raw(("data: " + json + "\n\n").getBytes(StandardCharsets.US_ASCII)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
