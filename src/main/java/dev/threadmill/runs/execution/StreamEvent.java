package dev.threadmill.runs.execution;

import dev.threadmill.api.Json;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;

/**
 * An event of a run with the payload that clients receive.
 *
 * @param name the name of the SSE event; null if clients receive nothing
 * @param data the wire object
 * @param step the step that the event is about; null if it is about none
 * @param call the tool call that starts, is routed or ends; null for other events
 * @param run at the status that the event is about; null for other events
 */
public record StreamEvent(
    RunEvent event, String name, Object data, Step step, ToolCall call, Run run) {
  /** An event that is about no step. */
  StreamEvent(RunEvent event, String name, Object data) {
    this(event, name, data, null, null, null);
  }

  /** An event of a step. */
  StreamEvent(RunEvent event, String name, Object data, Step step) {
    this(event, name, data, step, null, null);
  }

  /** The data as JSON on one line. */
  String json() {
    return data instanceof DeltaObject delta ? delta.json() : Json.write(data);
  }
}
