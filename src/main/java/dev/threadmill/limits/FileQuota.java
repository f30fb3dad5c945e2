package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;

/** The limit of the files of a project, which the limits show and set. */
public interface FileQuota {
  /**
   * The limit, and what it is compared with.
   *
   * @param maxBytes what the files may add up to
   * @param usedBytes what the files and the parts of uploads add up to
   */
  record State(long maxBytes, long usedBytes) {}

  /** The state of a project. */
  State get(ProjectId project);

  /**
   * Sets the limit of a project. Files that exceed a lower limit stay.
   *
   * @param maxBytes null for the setting of the server
   */
  void set(Tx tx, ProjectId project, Long maxBytes);
}
