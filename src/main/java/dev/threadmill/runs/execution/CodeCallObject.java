package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A call of the code interpreter on the wire: the code, what it printed as one output of type
 * {@code logs}, and an output of type {@code image} for each figure.
 */
final class CodeCallObject {
  private static final String IMAGE = "image";

  private CodeCallObject() {}

  /** The call in a step. */
  static Map<String, Object> details(ToolCall call) {
    var outputs = new ArrayList<Object>();
    var logs = call.isOpen() ? call.partial().output() : call.output();
    if (!logs.isEmpty()) {
      outputs.add(JsonFields.ordered("type", "logs", "logs", logs));
    }
    for (var file : images(call)) {
      outputs.add(image(file));
    }
    return JsonFields.ordered("input", call.arguments(), "outputs", outputs);
  }

  /** The call in the delta that starts it. */
  static Map<String, Object> started() {
    return JsonFields.ordered("input", "", "outputs", List.of());
  }

  /**
   * The outputs in the delta that completes the call.
   *
   * @param before how many UTF-16 units of the logs clients have received
   */
  static Map<String, Object> completed(ToolCall call, int before) {
    var outputs = new ArrayList<Object>();
    var rest = call.output().substring(Math.min(before, call.output().length()));
    if (!rest.isEmpty()) {
      outputs.add(JsonFields.ordered("index", 0, "type", "logs", "logs", rest));
    }
    int index = call.output().isEmpty() ? 0 : 1;
    for (var file : images(call)) {
      var output = JsonFields.ordered("index", index++);
      output.putAll(image(file));
      outputs.add(output);
    }
    return Map.of("outputs", outputs);
  }

  /** The beginning of the JSON of a delta of a text of the call, up to the text itself. */
  static String beforeText(StreamedText text) {
    return text == StreamedText.OUTPUT
        ? "\"code_interpreter\":{\"outputs\":[{\"index\":0,\"type\":\"logs\",\"logs\":\""
        : "\"code_interpreter\":{\"input\":\"";
  }

  /** The end of the JSON of that delta. */
  static String afterText(StreamedText text) {
    return text == StreamedText.OUTPUT ? "\"}]}" : "\"}";
  }

  private static Map<String, Object> image(String file) {
    return JsonFields.ordered("type", IMAGE, IMAGE, Map.of("file_id", file));
  }

  /** The ids of the figures. */
  static List<String> images(ToolCall call) {
    return call.parts() == null
        ? List.of()
        : call.parts().details().stream()
            .filter(detail -> detail.type().equals(IMAGE))
            .map(detail -> detail.data().path("file_id").asText())
            .toList();
  }
}
