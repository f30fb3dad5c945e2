package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;
import java.util.Collection;
import java.util.Map;

/**
 * Counts runs that are being executed, on all nodes together, without those that another run has
 * started. Implemented by the feature that stores runs.
 */
public interface ActiveRuns {
  /** The number of active runs of a project. */
  int count(ProjectId project);

  /** The number of active runs of each of these projects; projects without any are left out. */
  Map<ProjectId, Integer> count(Tx tx, Collection<ProjectId> projects);
}
