package dev.threadmill.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/**
 * An event of the outbox.
 *
 * @param id the same however often it is delivered; null before it is stored
 * @param thread whose events are delivered in order; null for an event of no thread
 * @param type the type of the event, such as {@code run.completed}
 * @param payload a JSON object
 */
public record OutboxEvent(
    String id, ProjectId project, ThreadId thread, String type, JsonNode payload) {
  /** The prefix of ids of events. */
  public static final String PREFIX = "evt_";

  /** An event that is to be stored. */
  public OutboxEvent(ProjectId project, ThreadId thread, String type, JsonNode payload) {
    this(null, project, thread, type, payload);
  }
}
