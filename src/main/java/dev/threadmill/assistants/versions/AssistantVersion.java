package dev.threadmill.assistants.versions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.assistants.AssistantObject;
import dev.threadmill.db.Row;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What an assistant was like after a change.
 *
 * @param version from 1
 * @param createdAt the time of the change, in Unix seconds
 * @param changedBy the key that made it; null for what there was before versions were kept
 * @param assistant as the API showed it
 */
public record AssistantVersion(
    String object,
    String assistantId,
    int version,
    long createdAt,
    String changedBy,
    @Schema(implementation = AssistantObject.class) ObjectNode assistant) {
  static final String COLUMNS = "assistant_id, version, created_at, changed_by, content";

  static AssistantVersion read(Row row) throws SQLException {
    return new AssistantVersion(
        "assistant.version",
        row.text("assistant_id"),
        row.integer("version"),
        row.instant("created_at").getEpochSecond(),
        row.text("changed_by"),
        row.json("content", ObjectNode.class));
  }
}
