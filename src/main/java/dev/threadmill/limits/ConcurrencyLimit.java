package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * How many runs of a project may be executed at once. Runs that another run has started do not
 * count: the run that waits for them keeps its slot.
 */
@ApplicationScoped
public class ConcurrencyLimit {
  private final LimitsCache cache;
  private final ActiveRuns activeRuns;

  ConcurrencyLimit(LimitsCache cache, ActiveRuns activeRuns) {
    this.cache = cache;
    this.activeRuns = activeRuns;
  }

  /** Whether the project has such a limit, so that its runs have to be claimed under a lock. */
  public boolean isLimited(ProjectId project) {
    return cache.get(Payer.of(project)).ofProject().concurrentThreads() != null;
  }

  /**
   * The number of free slots of each of these projects that has a limit. It is negative if the
   * limit was lowered below what is active. The rows of the limits stay locked until the
   * transaction ends, so that no slot is given twice.
   */
  public Map<ProjectId, Integer> lockAvailableSlots(Tx tx, Collection<ProjectId> projects) {
    var slots = new HashMap<ProjectId, Integer>();
    tx.list(
        """
        SELECT project_id, concurrent_threads FROM usage_limits
        WHERE project_id = ANY (?) AND scope = 'project' AND concurrent_threads IS NOT NULL
        ORDER BY project_id FOR NO KEY UPDATE
        """,
        row -> slots.put(row.text("project_id", ProjectId::new), row.integer("concurrent_threads")),
        projects);
    if (!slots.isEmpty()) {
      // A statement of its own, behind the lock: it sees what the lock's previous holders
      // committed.
      activeRuns
          .count(tx, slots.keySet())
          .forEach((project, active) -> slots.merge(project, -active, Integer::sum));
    }
    return slots;
  }
}
