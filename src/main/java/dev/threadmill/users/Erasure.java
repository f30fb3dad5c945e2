package dev.threadmill.users;

import dev.threadmill.api.ProjectId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An erasure and what it has erased so far.
 *
 * @param user null once it has ended
 * @param completed null until then
 */
record Erasure(
    String id,
    ProjectId project,
    String user,
    Instant created,
    Instant completed,
    Map<String, Long> counts,
    List<String> threadIds,
    List<String> fileIds) {
  /** The most ids of threads, and of files, that a report lists. */
  static final int MAX_LISTED = 1_000;

  Erasure {
    counts = new LinkedHashMap<>(counts);
    threadIds = new ArrayList<>(threadIds);
    fileIds = new ArrayList<>(fileIds);
  }

  void add(Map<String, Long> more, List<String> threads, List<String> files) {
    more.forEach((name, count) -> counts.merge(name, count, Long::sum));
    addBounded(threadIds, threads);
    addBounded(fileIds, files);
  }

  private static void addBounded(List<String> all, List<String> more) {
    all.addAll(more.subList(0, Math.min(more.size(), MAX_LISTED - all.size())));
  }

  UserDataReport report() {
    return new UserDataReport(
        id,
        "user.erasure",
        user,
        completed == null ? "in_progress" : "completed",
        created.getEpochSecond(),
        completed == null ? null : completed.getEpochSecond(),
        counts,
        threadIds,
        fileIds);
  }
}
