package dev.threadmill.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Reads the payloads of events that nodes of an earlier version store during an upgrade. */
final class StoredPayload {
  private static final String TOOL = "tool";
  private static final String SAFETY_FLAG = "safety_flag";

  private StoredPayload() {}

  /**
   * The payload in the form of this version. In the earlier one {@code tool} is an array of all
   * tools of a run, which are a detail now, and {@code safety_flag} is a boolean.
   *
   * @param payload may be changed
   */
  static JsonNode current(JsonNode payload) {
    if (payload instanceof ObjectNode event) {
      var tools = event.path(TOOL);
      if (tools.isArray()) {
        event.putNull(TOOL);
        if (!tools.isEmpty()) {
          event.withObjectProperty("details").set("tools", tools);
        }
      }
      var flag = event.path(SAFETY_FLAG);
      if (flag.isBoolean()) {
        event.put(SAFETY_FLAG, flag.booleanValue() ? Activity.CONTENT_FILTER : null);
      }
    }
    return payload;
  }
}
