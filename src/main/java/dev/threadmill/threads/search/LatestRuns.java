package dev.threadmill.threads.search;

import dev.threadmill.api.ThreadId;
import java.util.List;
import java.util.Map;

/** Knows the latest run of each thread. */
public interface LatestRuns {
  /**
   * A run as a list of threads shows it.
   *
   * @param status as in the API
   * @param assistantId null if the run has none
   * @param createdAt in Unix seconds
   */
  record LatestRun(String id, String status, String assistantId, String model, long createdAt) {}

  /** The latest run of each of these threads; those without a run are missing. */
  Map<ThreadId, LatestRun> of(List<ThreadId> threads);
}
