package dev.threadmill.runs.store;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.threads.search.LatestRuns;
import dev.threadmill.threads.search.ThreadFinder;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds threads by the status of their runs, and the latest run of each thread. */
@ApplicationScoped
class FindThreadsByRun implements ThreadFinder, LatestRuns {
  /** Each has an index. Almost all threads have a completed run. */
  private static final Set<String> SEARCHABLE =
      Set.of(
          "queued",
          "in_progress",
          "cancelling",
          "requires_action",
          "failed",
          "expired",
          "incomplete",
          "cancelled");

  private final Jdbc jdbc;

  FindThreadsByRun(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record Latest(ThreadId thread, LatestRun run) {}

  @Override
  public String parameter() {
    return "run_status";
  }

  @Override
  public Set<ThreadId> find(ProjectId project, String status) {
    if (!SEARCHABLE.contains(status)) {
      throw ApiException.invalid(
          "run_status",
          "Invalid 'run_status': expected one of %s."
              .formatted(SEARCHABLE.stream().sorted().collect(Collectors.joining(", "))));
    }
    // A literal, as the indexes are for certain statuses.
    return new HashSet<>(
        jdbc.list(
            """
            SELECT thread_id FROM runs WHERE project_id = ? AND status = '%s'
            ORDER BY created_at DESC LIMIT ?
            """
                .formatted(status),
            row -> row.text("thread_id", ThreadId::new),
            project,
            MOST));
  }

  @Override
  public Map<ThreadId, LatestRun> of(List<ThreadId> threads) {
    return jdbc
        .list(
            """
            SELECT r.thread_id, r.id, r.status, r.assistant_id, r.model,
              floor(extract(epoch FROM r.created_at))::bigint AS seconds
            FROM unnest(?::text[]) AS t (id)
            CROSS JOIN LATERAL (
              SELECT * FROM runs WHERE thread_id = t.id ORDER BY created_at DESC, id DESC LIMIT 1
            ) AS r
            """,
            row ->
                new Latest(
                    row.text("thread_id", ThreadId::new),
                    new LatestRun(
                        row.text("id"),
                        row.text("status"),
                        row.text("assistant_id"),
                        row.text("model"),
                        row.bigint("seconds"))),
            threads.stream().map(ThreadId::value).toList())
        .stream()
        .collect(Collectors.toMap(Latest::thread, Latest::run));
  }
}
