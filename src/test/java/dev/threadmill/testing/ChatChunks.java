package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/** Chunks of chat completions, as providers stream them. */
final class ChatChunks {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ChatChunks() {}

  /** A whole response whose chunks have these pieces of tool calls. */
  static Reply calls(JsonNode... pieces) {
    var events = new ArrayList<String>();
    for (var piece : pieces) {
      events.add(call(piece));
    }
    events.add(stop());
    return Reply.raw("text/event-stream", sse(events.toArray(String[]::new)));
  }

  /**
   * A piece of a tool call.
   *
   * @param index negative for none
   * @param id empty for none
   * @param name empty for none
   */
  static JsonNode piece(int index, String id, String name, String arguments) {
    var call = JSON.createObjectNode();
    if (index >= 0) {
      call.put("index", index);
    }
    if (!id.isEmpty()) {
      call.put("id", id).put("type", "function");
    }
    var function = call.putObject("function");
    if (!name.isEmpty()) {
      function.put("name", name);
    }
    function.put("arguments", arguments);
    return call;
  }

  /** A chunk with this piece of a tool call. */
  static String call(JsonNode piece) {
    var choice = JSON.createObjectNode();
    choice.putObject("delta").putArray("tool_calls").add(piece);
    return choices(choice);
  }

  /** A chunk with a delta of this field. */
  static String delta(String field, String text) {
    var choice = JSON.createObjectNode();
    choice.putObject("delta").put(field, text);
    return choices(choice);
  }

  /** The last chunk of a response. */
  static String stop() {
    return "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
  }

  /** A chunk with this choice. */
  static String choices(JsonNode choice) {
    var chunk = JSON.createObjectNode();
    chunk.putArray("choices").add(choice);
    return chunk.toString();
  }

  /** These chunks as server-sent events. */
  static byte[] sse(String... events) {
    var text = new StringBuilder();
    for (var event : events) {
      text.append("data: ").append(event).append("\n\n");
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
