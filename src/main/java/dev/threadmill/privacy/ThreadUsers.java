package dev.threadmill.privacy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;

/** The users of threads, which their metadata name. */
@ApplicationScoped
class ThreadUsers {
  private final Jdbc jdbc;

  ThreadUsers(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The user of a thread; null for none, and for a thread that does not exist yet. */
  String of(ProjectId project, ThreadId thread) {
    return thread == null
        ? null
        : jdbc.one(
                "SELECT metadata ->> 'user' AS user_id FROM threads WHERE id = ? AND project_id = ?"
                    + " AND metadata ->> 'user' IS NOT NULL",
                row -> row.text("user_id"),
                thread,
                project)
            .orElse(null);
  }
}
