package dev.threadmill.models;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.util.Locale;

/**
 * Messages as the conventions for traces write them: a role, and parts with a type. The newest come
 * first in what is kept of a long prompt, in the order of the prompt.
 */
final class TracedMessages {
  private static final int MAX_CHARACTERS = 16_000;
  private static final int MAX_PART = 4_000;

  private TracedMessages() {}

  /** The instructions; null if there are none. */
  static String instructions(ModelRequest request) {
    var parts = Json.MAPPER.createArrayNode();
    for (var message : request.messages()) {
      if (message instanceof ModelMessage.System(var text)) {
        text(parts, text);
      }
    }
    return parts.isEmpty() ? null : Json.write(parts);
  }

  /** The newest messages that fit. */
  static String input(ModelRequest request) {
    var all = request.messages();
    var kept = Json.MAPPER.createArrayNode();
    int left = MAX_CHARACTERS;
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i) instanceof ModelMessage.System) {
        continue;
      }
      var message = message(all.get(i));
      left -= Json.write(message).length();
      if (left < 0 && !kept.isEmpty()) {
        break;
      }
      kept.insert(0, message);
    }
    return Json.write(kept);
  }

  static String output(ModelResponse response) {
    var message = Json.MAPPER.createObjectNode().put("role", "assistant");
    var parts = message.putArray("parts");
    if (!response.text().isEmpty()) {
      text(parts, response.text());
    }
    if (response.refusal() != null) {
      text(parts, response.refusal());
    }
    response.toolCalls().forEach(call -> call(parts, call));
    message.put("finish_reason", response.finishReason().name().toLowerCase(Locale.ROOT));
    return Json.write(Json.MAPPER.createArrayNode().add(message));
  }

  private static ObjectNode message(ModelMessage from) {
    var message = Json.MAPPER.createObjectNode();
    switch (from) {
      case ModelMessage.System(var text) -> text(parts(message, "system"), text);
      case ModelMessage.User(var parts) -> {
        var written = parts(message, "user");
        for (var part : parts) {
          switch (part) {
            case ModelPart.Text(var text) -> text(written, text);
            case ModelPart.Image _ -> written.addObject().put("type", "image");
            case ModelPart.Audio _ -> written.addObject().put("type", "audio");
            case ModelPart.File _ -> written.addObject().put("type", "file");
          }
        }
      }
      case ModelMessage.Assistant assistant -> {
        var written = parts(message, "assistant");
        if (assistant.text() != null) {
          text(written, assistant.text());
        }
        assistant.toolCalls().forEach(call -> call(written, call));
      }
      case ModelMessage.ToolResult(var id, var text) ->
          parts(message, "tool")
              .addObject()
              .put("type", "tool_call_response")
              .put("id", id)
              .put("response", shortened(text));
    }
    return message;
  }

  private static ArrayNode parts(ObjectNode message, String role) {
    return message.put("role", role).putArray("parts");
  }

  private static void text(ArrayNode parts, String text) {
    parts.addObject().put("type", "text").put("content", shortened(text));
  }

  private static void call(ArrayNode parts, ModelToolCall call) {
    parts
        .addObject()
        .put("type", "tool_call")
        .put("id", call.id())
        .put("name", call.name())
        .put("arguments", shortened(call.arguments()));
  }

  private static String shortened(String text) {
    return text.length() <= MAX_PART ? text : text.substring(0, MAX_PART) + "…";
  }
}
