package dev.threadmill.threads.search;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import java.util.Set;

/** Finds threads by what another feature knows of them. */
public interface ThreadFinder {
  /** The most threads that a finder returns: the newest of those that fit. */
  int MOST = 1_000;

  /** The query parameter that the value comes from. */
  String parameter();

  /**
   * The threads of the project that fit, at most {@link #MOST}.
   *
   * @throws dev.threadmill.api.ApiException 400 if the value has no meaning
   */
  Set<ThreadId> find(ProjectId project, String value);
}
