package dev.threadmill.files;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.limits.FileQuota;
import jakarta.enterprise.context.ApplicationScoped;

/** The limits of the files of projects, in the table of what they add up to. */
@ApplicationScoped
class ProjectQuota implements FileQuota {
  private final Jdbc jdbc;
  private final FilesConfig config;

  ProjectQuota(Jdbc jdbc, FilesConfig config) {
    this.jdbc = jdbc;
    this.config = config;
  }

  @Override
  public State get(ProjectId project) {
    return jdbc.one(
            "SELECT bytes, coalesce(max_bytes, ?) AS max_bytes FROM file_usage WHERE project_id = ?",
            row -> new State(row.bigint("max_bytes"), row.bigint("bytes")),
            config.projectBytes(),
            project)
        .orElseGet(() -> new State(config.projectBytes(), 0));
  }

  @Override
  public void set(Tx tx, ProjectId project, Long maxBytes) {
    tx.defer(
        """
        INSERT INTO file_usage (project_id, bytes, blobs, max_bytes) VALUES (?, 0, 0, ?)
        ON CONFLICT (project_id) DO UPDATE SET max_bytes = excluded.max_bytes
        """,
        project,
        maxBytes);
  }
}
