package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * How many runs of a project may be under way at once. Runs that have been routed to by another run
 * do not count: their caller keeps its place while it waits for them.
 */
@ApplicationScoped
public class ConcurrencyLimit {
  private final LimitsCache known;

  ConcurrencyLimit(LimitsCache known) {
    this.known = known;
  }

  /** Whether runs of this project have to be claimed one after the other. */
  public boolean isLimited(ProjectId project) {
    return known.get(project).concurrentThreads() != null;
  }

  /**
   * The places that are free in each of these projects, where there is a bound. Until the
   * transaction ends nobody else is told of the same places.
   */
  public Map<ProjectId, Integer> lockAvailableSlots(Tx tx, Collection<ProjectId> projects) {
    var bounds = new HashMap<ProjectId, Integer>();
    tx.list(
        """
        SELECT project_id, concurrent_threads FROM project_limits
        WHERE project_id = ANY (?) AND concurrent_threads IS NOT NULL
        ORDER BY project_id FOR NO KEY UPDATE
        """,
        row ->
            bounds.put(row.text("project_id", ProjectId::new), row.integer("concurrent_threads")),
        projects);
    if (!bounds.isEmpty()) {
      // Looked at only now, so that it sees what those did who had the lock before.
      tx.list(
          """
          SELECT project_id, count(*)::int AS runs FROM runs
          WHERE project_id = ANY (?) AND status IN ('in_progress', 'cancelling')
            AND parent_run_id IS NULL
          GROUP BY project_id
          """,
          row -> {
            int runs = row.integer("runs");
            return bounds.computeIfPresent(
                row.text("project_id", ProjectId::new), (_, bound) -> bound - runs);
          },
          bounds.keySet());
    }
    return bounds;
  }
}
