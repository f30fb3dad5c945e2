package dev.threadmill.runs.store;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.ActiveRuns;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Counts the rows of runs in progress, by project. */
@ApplicationScoped
class ActiveRunCounts implements ActiveRuns {
  private static final String COUNT =
      """
      SELECT project_id, count(*)::int AS runs FROM runs
      WHERE project_id = ANY (?) AND status IN %s AND parent_run_id IS NULL
      GROUP BY project_id
      """
          .formatted(RunStatus.sql(RunStatus.EXECUTING));

  private final Jdbc jdbc;

  ActiveRunCounts(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record Count(ProjectId project, int runs) {
    static Count read(Row row) throws SQLException {
      return new Count(row.text("project_id", ProjectId::new), row.integer("runs"));
    }
  }

  @Override
  public int count(ProjectId project) {
    return jdbc.one(COUNT, Count::read, List.of(project)).map(Count::runs).orElse(0);
  }

  @Override
  public Map<ProjectId, Integer> count(Tx tx, Collection<ProjectId> projects) {
    return tx.list(COUNT, Count::read, projects).stream()
        .collect(Collectors.toMap(Count::project, Count::runs));
  }
}
