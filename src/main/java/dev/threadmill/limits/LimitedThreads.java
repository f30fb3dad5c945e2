package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/** The threads that may have limits. Implemented by the feature that stores them. */
public interface LimitedThreads {
  /**
   * @throws dev.threadmill.api.ApiException 404 if the project has no such thread
   */
  void requireExisting(ProjectId project, ThreadId thread);
}
