package dev.threadmill.runs.execution;

import dev.threadmill.api.Json;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;

/**
 * An event of a run with the payload that clients receive.
 *
 * @param name the name of the SSE event; null if clients receive nothing
 * @param data the wire object
 * @param step the step that the event is about; null if it is about none
 */
public record StreamEvent(RunEvent event, String name, Object data, Step step) {
  /** The data as JSON on one line. */
  String json() {
    return data instanceof DeltaObject delta ? delta.json() : Json.write(data);
  }
}
