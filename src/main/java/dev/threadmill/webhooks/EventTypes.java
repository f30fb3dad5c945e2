package dev.threadmill.webhooks;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.telemetry.Activity;
import java.util.List;

/** The event types that an endpoint can subscribe to. */
final class EventTypes {
  private static final int MAX = 50;

  /** All types, in the order in which they are listed. */
  static final List<String> ALL =
      List.of(
          Activity.RUN_CREATED,
          Activity.RUN_REQUIRES_ACTION,
          "run.completed",
          "run.incomplete",
          "run.failed",
          "run.cancelled",
          "run.expired",
          Activity.MESSAGE_CREATED,
          Activity.MODEL_CALL,
          Activity.TOOL_CALL,
          Activity.AGENT_ROUTING,
          Activity.HANDOFF,
          Activity.MEMORY_SUMMARY,
          Activity.VECTOR_STORE_FILE + "completed",
          Activity.VECTOR_STORE_FILE + "failed",
          Activity.LIMIT_REFUSED,
          Activity.DEBUG_LOG_ACCESSED,
          Activity.BUDGET_ALERT,
          Activity.CODE_SESSION);

  private static final String EVERYTHING = "*";

  private EventTypes() {}

  /** The types that a request names; 400 for one that does not exist. */
  static List<String> checked(List<String> types) {
    var checked = Bounds.list("event_types", Bounds.required("event_types", types), MAX);
    if (checked.isEmpty()) {
      throw ApiException.invalid(
          "event_types", "Invalid 'event_types': expected at least one event type.");
    }
    for (int i = 0; i < checked.size(); i++) {
      if (!checked.get(i).equals(EVERYTHING)) {
        require("event_types[%d]".formatted(i), checked.get(i));
      }
    }
    return checked.stream().distinct().toList();
  }

  /** An event type of a request; 400 if it does not exist. */
  static String require(String param, String type) {
    if (!ALL.contains(Bounds.requiredText(param, type, 100))) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': '%s' is no event type of this server. Expected one of %s, or '*' for all."
              .formatted(param, type, String.join(", ", ALL)));
    }
    return type;
  }

  /** Whether an endpoint with these types is sent this one. */
  static boolean includes(List<String> types, String type) {
    return types.contains(EVERYTHING) || types.contains(type);
  }
}
