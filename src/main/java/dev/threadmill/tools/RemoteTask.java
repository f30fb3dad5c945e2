package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Locale;

/**
 * What an agent elsewhere has said of a task, in either version of A2A. Nothing in it is trusted:
 * what is not as the protocol has it reads as empty.
 *
 * @param id null if the agent has answered with a message, without a task
 * @param state in small letters with dashes
 * @param text what it has brought, or the reason of its state if it has brought nothing
 */
record RemoteTask(String id, String state, String text) {
  private static final String OF_V1 = "task_state_";
  private static final int MAX_ID = 1024;

  /** Reads the result of a request; null if it is neither a task nor a message. */
  static RemoteTask read(JsonNode result) {
    var task = result.has("task") ? result.path("task") : result;
    var message = result.has("message") ? result.path("message") : result;
    if (task.path("status").path("state").isTextual()
        && task.path("id").isTextual()
        && task.path("id").textValue().length() <= MAX_ID) {
      return new RemoteTask(
          task.path("id").textValue(),
          state(task.path("status").path("state").textValue()),
          text(task));
    }
    return message.path("parts").isArray()
        ? new RemoteTask(null, "completed", parts(message.path("parts")))
        : null;
  }

  /** Whether the agent is still at work on it. */
  boolean isOpen() {
    return state.equals("submitted") || state.equals("working");
  }

  private static String state(String state) {
    var word = state.toLowerCase(Locale.ROOT);
    return (word.startsWith(OF_V1) ? word.substring(OF_V1.length()) : word).replace('_', '-');
  }

  private static String text(JsonNode task) {
    var said = new ArrayList<String>();
    for (var artifact : task.path("artifacts")) {
      said.add(parts(artifact.path("parts")));
    }
    said.removeIf(String::isEmpty);
    return said.isEmpty()
        ? parts(task.path("status").path("message").path("parts"))
        : String.join("\n\n", said);
  }

  private static String parts(JsonNode parts) {
    var text = new StringBuilder();
    for (var part : parts) {
      var file = part.has("file") ? part.path("file") : part;
      if (part.path("text").isTextual()) {
        text.append(part.path("text").textValue());
      } else if (part.has("data")) {
        text.append(part.path("data"));
      } else if (file.path("uri").isTextual() || file.path("url").isTextual()) {
        text.append(file.path(file.has("uri") ? "uri" : "url").textValue());
      }
    }
    return text.toString();
  }
}
