package dev.threadmill.imports;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ImportId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Row;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;

/**
 * An import.
 *
 * @param secret the encrypted key of the server; null for none
 * @param position how far the source is read, in terms of what reads it
 * @param error why it failed; null otherwise
 * @param claim the fence: raised by each claim
 * @param attempts how often reading failed for reasons that may pass
 */
record ImportJob(
    ImportId id,
    ProjectId project,
    Instant createdAt,
    Status status,
    Stage stage,
    CreateImport request,
    String secret,
    ObjectNode position,
    String error,
    Instant completedAt,
    int claim,
    int attempts) {
  /** The state of an import. */
  enum Status {
    QUEUED,
    IN_PROGRESS,
    COMPLETED,
    FAILED,
    CANCELLED;

    @JsonValue
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is done: the source is read first, and its objects are written then. */
  enum Stage {
    READING,
    FILES,
    VECTOR_STORES,
    ASSISTANTS,
    THREADS,
    DONE;

    @JsonValue
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }

    Stage next() {
      return values()[ordinal() + 1];
    }
  }

  static ImportJob read(Row row) throws SQLException {
    return new ImportJob(
        row.text("id", ImportId::new),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.enumValue("status", Status.class),
        row.enumValue("stage", Stage.class),
        row.json("request", CreateImport.class),
        row.text("secret"),
        row.json("position", ObjectNode.class),
        row.text("error"),
        row.instant("completed_at"),
        row.integer("claim"),
        row.integer("attempts"));
  }

  ImportJob at(Stage newStage) {
    return with(newStage, position);
  }

  ImportJob at(ObjectNode newPosition) {
    return with(stage, newPosition);
  }

  private ImportJob with(Stage newStage, ObjectNode newPosition) {
    return new ImportJob(
        id,
        project,
        createdAt,
        status,
        newStage,
        request,
        secret,
        newPosition,
        error,
        completedAt,
        claim,
        attempts);
  }
}
