package dev.threadmill.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import java.time.Instant;

/**
 * Something that an admin did, to be appended to the audit log.
 *
 * @param id a new id with {@link #PREFIX}
 * @param chain the id of the project whose chain it belongs to, or {@link #NO_PROJECT}
 * @param type such as {@code api_key.created}
 * @param project that it is about; null for none
 * @param actor as on the wire
 * @param actorId the id of the key or the user; null for the server itself
 * @param target the id of what was changed; null if it is not known
 * @param details what is known besides, never a secret
 * @param requestId null outside of a request
 */
public record AuditEntry(
    String id,
    String chain,
    Instant at,
    String type,
    ProjectId project,
    ObjectNode actor,
    String actorId,
    String target,
    JsonNode details,
    String requestId) {
  /** The prefix of the ids of entries. */
  public static final String PREFIX = "audit_";

  /** The chain of what belongs to no project. */
  public static final String NO_PROJECT = "";

  /** What is stored, shown, and covered by the hash. */
  String content() {
    var json =
        Json.MAPPER
            .createObjectNode()
            .put("id", id)
            .put("object", "organization.audit_log")
            .put("type", type)
            .put("effective_at", at.getEpochSecond());
    if (project != null) {
      json.putObject("project").put("id", project.value());
    }
    json.set("actor", actor);
    if (requestId != null) {
      json.put("request_id", requestId);
    }
    var subject = json.putObject(type);
    if (target != null) {
      subject.put("id", target);
    }
    if (details != null && !details.isEmpty()) {
      subject.set("data", details);
    }
    return json.toString();
  }
}
