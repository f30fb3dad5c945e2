package dev.threadmill.projects;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;

/** Whether the privacy of projects is strict, for what never keeps content of such. */
@ApplicationScoped
public class StrictPrivacy {
  /**
   * A condition on a project {@code p}. During an upgrade the table may not have the column yet.
   */
  private static final String IS_STRICT = "to_jsonb(p) #>> '{privacy,mode}' = 'strict'";

  private final Jdbc jdbc;

  StrictPrivacy(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** Whether the project asks for it, for all its requests. Costs a query. */
  public boolean isSetFor(ProjectId project) {
    return jdbc.one("SELECT 1 FROM projects p WHERE p.id = ? AND " + IS_STRICT, _ -> true, project)
        .isPresent();
  }
}
