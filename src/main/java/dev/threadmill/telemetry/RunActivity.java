package dev.threadmill.telemetry;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.util.List;

/**
 * An event of a run, as the outbox stores it and the log shows it.
 *
 * @param event {@code run.created}, or {@code run.} and the status at its end
 * @param timestamp of the event, in UTC as ISO 8601
 * @param tool the functions that the model has called; empty for none
 * @param latencyMs from the creation of the run to this event
 * @param safetyFlag whether a filter or the provider withheld content
 * @param key the API key that created the run; null if it is not known
 * @param status of the run after the event
 */
public record RunActivity(
    String event,
    String timestamp,
    ProjectId projectId,
    AssistantId assistantId,
    ThreadId threadId,
    RunId runId,
    List<String> tool,
    long latencyMs,
    long inputTokens,
    long outputTokens,
    boolean safetyFlag,
    String model,
    ApiKeyId key,
    String status) {
  public static final String CREATED = "run.created";

  public RunActivity {
    tool = tool == null ? List.of() : List.copyOf(tool);
  }

  /** As an event of the outbox. */
  public OutboxEvent toEvent() {
    return new OutboxEvent(projectId, threadId, event, Json.MAPPER.valueToTree(this));
  }

  /** What {@link #toEvent} has stored. */
  static RunActivity of(OutboxEvent event) {
    return Json.MAPPER.convertValue(event.payload(), RunActivity.class);
  }

  boolean isEnd() {
    return !event.equals(CREATED);
  }
}
