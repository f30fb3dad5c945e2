package dev.threadmill.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/**
 * An event of the outbox.
 *
 * @param type the type of the event, such as {@code run.completed}
 * @param payload a JSON object
 */
public record OutboxEvent(ProjectId project, ThreadId thread, String type, JsonNode payload) {}
