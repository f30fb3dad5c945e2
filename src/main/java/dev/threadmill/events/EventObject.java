package dev.threadmill.events;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * An event on the wire: the fields of {@link dev.threadmill.telemetry.Activity} with the id of the
 * event. What does not apply, or has another type in a version that has stored it, is null.
 */
@Schema(name = "Event")
public record EventObject(
    String id,
    String object,
    String event,
    String timestamp,
    String projectId,
    String assistantId,
    String threadId,
    String runId,
    String tool,
    Long latencyMs,
    Long inputTokens,
    Long outputTokens,
    String safetyFlag,
    String model,
    String key,
    BigDecimal cost,
    String status,
    String requestId,
    Map<String, Object> details) {

  /** A page of the log, for its description. */
  @Schema(name = "EventPage")
  record PageOfEvents(
      String object, List<EventObject> data, String firstId, String lastId, boolean hasMore) {}

  /**
   * The event of a payload.
   *
   * @param payload as the outbox stored it
   */
  @SuppressWarnings("unchecked")
  public static EventObject of(String id, JsonNode payload) {
    var details = payload.path("details");
    var cost = payload.path("cost");
    return new EventObject(
        id,
        "event",
        text(payload, "event"),
        text(payload, "timestamp"),
        text(payload, "project_id"),
        text(payload, "assistant_id"),
        text(payload, "thread_id"),
        text(payload, "run_id"),
        text(payload, "tool"),
        number(payload, "latency_ms"),
        number(payload, "input_tokens"),
        number(payload, "output_tokens"),
        text(payload, "safety_flag"),
        text(payload, "model"),
        text(payload, "key"),
        cost.isNumber() ? cost.decimalValue() : null,
        text(payload, "status"),
        text(payload, "request_id"),
        details.isObject() ? Json.MAPPER.convertValue(details, Map.class) : null);
  }

  /** The same event without its details. */
  public EventObject withoutDetails() {
    return new EventObject(
        id,
        object,
        event,
        timestamp,
        projectId,
        assistantId,
        threadId,
        runId,
        tool,
        latencyMs,
        inputTokens,
        outputTokens,
        safetyFlag,
        model,
        key,
        cost,
        status,
        requestId,
        null);
  }

  private static String text(JsonNode payload, String field) {
    return payload.path(field).textValue();
  }

  private static Long number(JsonNode payload, String field) {
    var value = payload.path(field);
    return value.canConvertToLong() ? value.longValue() : null;
  }
}
