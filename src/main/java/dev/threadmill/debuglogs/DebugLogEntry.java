package dev.threadmill.debuglogs;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Row;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * An entry of a debug log.
 *
 * @param kind {@code request} or {@code model_call}
 * @param createdAt in Unix seconds
 * @param bytes that the stored content has
 * @param truncated whether the content was too long and its end is missing
 * @param archived whether the content is in the file store
 * @param content in lists left out; a string if it was truncated
 */
@Schema(name = "DebugLogEntry")
public record DebugLogEntry(
    String id,
    String object,
    String projectId,
    String requestId,
    String threadId,
    String runId,
    String kind,
    long createdAt,
    int bytes,
    boolean truncated,
    boolean archived,
    @JsonInclude(JsonInclude.Include.NON_NULL) JsonNode content,
    @JsonIgnore @Schema(hidden = true) Stored stored) {
  static final String COLUMNS =
      "id, project_id, request_id, thread_id, run_id, kind, created_at, bytes, truncated, archive,"
          + " archive_from";

  static final String WITH_CONTENT = COLUMNS + ", content";

  /**
   * Where the content is.
   *
   * @param content null if it is archived, or was not read
   * @param archive the blob; null if it is not archived
   */
  record Stored(String content, String archive, Long from) {}

  static DebugLogEntry read(Row row) throws SQLException {
    return read(row, null);
  }

  static DebugLogEntry readWithContent(Row row) throws SQLException {
    return read(row, row.text("content"));
  }

  private static DebugLogEntry read(Row row, String content) throws SQLException {
    var archive = row.text("archive");
    return new DebugLogEntry(
        row.text("id"),
        "debug_log.entry",
        row.text("project_id"),
        row.text("request_id"),
        row.text("thread_id"),
        row.text("run_id"),
        row.text("kind"),
        row.instant("created_at").getEpochSecond(),
        row.integer("bytes"),
        row.bool("truncated"),
        archive != null,
        null,
        new Stored(content, archive, row.bigint("archive_from")));
  }

  DebugLogEntry with(JsonNode its) {
    return new DebugLogEntry(
        id, object, projectId, requestId, threadId, runId, kind, createdAt, bytes, truncated,
        archived, its, stored);
  }
}
