package dev.threadmill.imports;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which object an object of a source became. The id is chosen and stored before the object is
 * created, so that an import which is interrupted between both continues with the same id.
 */
@ApplicationScoped
class SourceIds {
  private final Jdbc jdbc;
  private final ImportStore imports;

  SourceIds(Jdbc jdbc, ImportStore imports) {
    this.jdbc = jdbc;
    this.imports = imports;
  }

  /**
   * The id of an object here.
   *
   * @param isNew whether this import has chosen it
   */
  record Chosen(String id, boolean isNew) {}

  /** The id that was chosen before, or else the one given. */
  Chosen choose(ImportJob job, Kind kind, String sourceId, String wanted) {
    return jdbc.inTransaction(
        tx -> {
          imports.fence(tx, job);
          return tx.updateReturningOne(
                  """
                  INSERT INTO import_ids AS i (project_id, source, kind, source_id, id, import_id)
                  VALUES (?, ?, ?, ?, ?, ?)
                  ON CONFLICT (project_id, source, kind, source_id) DO UPDATE SET id = i.id
                  RETURNING id, import_id
                  """,
                  row -> new Chosen(row.text("id"), row.text("import_id").equals(job.id().value())),
                  job.project(),
                  job.request().source(),
                  kind,
                  sourceId,
                  wanted,
                  job.id())
              .orElseThrow();
        });
  }

  /** Forgets an id that another project has. */
  void forget(Tx tx, ImportJob job, Kind kind, String sourceId) {
    tx.update(
        "DELETE FROM import_ids WHERE project_id = ? AND source = ? AND kind = ? AND source_id = ?",
        job.project(),
        job.request().source(),
        kind,
        sourceId);
  }

  /** The ids here of objects of a source, by their ids there. */
  Map<String, String> find(ImportJob job, Kind kind, Collection<String> sourceIds) {
    var found = new HashMap<String, String>();
    if (!sourceIds.isEmpty()) {
      jdbc.list(
          "SELECT source_id, id FROM import_ids"
              + " WHERE project_id = ? AND source = ? AND kind = ? AND source_id = ANY (?)",
          row -> found.put(row.text("source_id"), row.text("id")),
          job.project(),
          job.request().source(),
          kind,
          sourceIds);
    }
    return found;
  }

  /** The project that has an object of this id; empty if none has. */
  Optional<ProjectId> owner(Kind kind, String id) {
    return jdbc.one(
        switch (kind) {
          case FILE -> "SELECT project_id FROM files WHERE id = ?";
          case VECTOR_STORE -> "SELECT project_id FROM vector_stores WHERE id = ?";
          case ASSISTANT -> "SELECT project_id FROM assistants WHERE id = ?";
          case THREAD -> "SELECT project_id FROM threads WHERE id = ?";
          case FILE_CONTENT, VECTOR_STORE_FILE, MESSAGE, RUN -> throw noObject(kind);
        },
        row -> row.text("project_id", ProjectId::new),
        id);
  }

  /** Those of these ids that objects of the project have. */
  Set<String> existing(ProjectId project, Kind kind, Collection<String> ids) {
    return ids.isEmpty()
        ? Set.of()
        : new HashSet<>(
            jdbc.list(
                switch (kind) {
                  case FILE -> "SELECT id FROM files WHERE project_id = ? AND id = ANY (?)";
                  case VECTOR_STORE ->
                      "SELECT id FROM vector_stores WHERE project_id = ? AND id = ANY (?)"
                          + " AND status <> 'deleted'";
                  case ASSISTANT ->
                      "SELECT id FROM assistants WHERE project_id = ? AND id = ANY (?)";
                  case THREAD -> "SELECT id FROM threads WHERE project_id = ? AND id = ANY (?)";
                  case FILE_CONTENT, VECTOR_STORE_FILE, MESSAGE, RUN -> throw noObject(kind);
                },
                row -> row.text("id"),
                project,
                List.copyOf(ids)));
  }

  private static IllegalArgumentException noObject(Kind kind) {
    return new IllegalArgumentException("not an object of its own: " + kind);
  }
}
