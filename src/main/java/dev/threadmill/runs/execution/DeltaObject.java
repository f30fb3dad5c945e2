package dev.threadmill.runs.execution;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;

/**
 * The data of a delta on the wire. Deltas are the bulk of every stream, so their JSON is written by
 * hand, and only when a reader requests it.
 *
 * @param step the step whose text continues
 * @param callType the type of the tool call; null for a text that belongs to no call
 */
record DeltaObject(Step step, DeltaTarget target, String callType, String text) {
  private static final JsonStringEncoder JSON_STRING = JsonStringEncoder.getInstance();

  /** The name of the SSE event; null if clients do not receive it. */
  String eventName() {
    if (scope() == StreamedText.Scope.CALL && !CallObject.isStreamed(callType)) {
      return null;
    }
    return scope() == StreamedText.Scope.MESSAGE ? "thread.message.delta" : "thread.run.step.delta";
  }

  /** The JSON text, on one line. */
  String json() {
    var json = new StringBuilder(text.length() + 192).append("{\"id\":\"");
    json.append(scope() == StreamedText.Scope.MESSAGE ? step.messageId() : step.id());
    json.append("\",\"object\":\"").append(eventName()).append("\",\"delta\":{");
    var field = target.text().field();
    switch (scope()) {
      case MESSAGE -> {
        boolean isText = target.text() == StreamedText.MESSAGE;
        json.append("\"content\":[{\"index\":").append(isText ? 0 : target.call());
        json.append(",\"type\":\"").append(field).append("\",\"").append(field);
        appendText(json.append(isText ? "\":{\"value\":\"" : "\":\""));
        json.append(isText ? "\"}}]" : "\"}]");
      }
      case STEP -> {
        json.append('"').append(field).append("\":{\"text\":\"");
        appendText(json).append("\"}");
      }
      case CALL -> {
        json.append("\"step_details\":{\"type\":\"tool_calls\",\"tool_calls\":[{\"index\":");
        json.append(target.call()).append(",\"type\":\"").append(callType);
        json.append("\",").append(CallObject.beforeText(callType, target.text()));
        appendText(json).append(CallObject.afterText(callType, target.text())).append("}]}");
      }
    }
    return json.append("}}").toString();
  }

  private StreamedText.Scope scope() {
    return target.text().scope();
  }

  private StringBuilder appendText(StringBuilder json) {
    JSON_STRING.quoteAsString(text, json);
    return json;
  }
}
