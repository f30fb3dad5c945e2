package dev.threadmill.memory.recall;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.search.TextQuery;
import dev.threadmill.threads.search.ThreadFinder;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashSet;
import java.util.Set;

/** Finds threads by words of their messages, all of which a passage must have. */
@ApplicationScoped
class FindThreadsByText implements ThreadFinder {
  /** The newest passages that are looked at; a thread may have several. */
  private static final int PASSAGES = 4 * MOST;

  private final Jdbc jdbc;

  FindThreadsByText(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  @Override
  public String parameter() {
    return "query";
  }

  @Override
  public Set<ThreadId> find(ProjectId project, String text) {
    var query = TextQuery.of(text);
    if (query.terms().isEmpty()) {
      return Set.of();
    }
    // Frequent words are found among the newest entries, rare ones by the index of terms.
    return new HashSet<>(
        jdbc.list(
            """
            SELECT thread_id FROM (
              SELECT i.thread_id, i.created_at FROM memory_index i
              WHERE i.project_id = ? AND i.terms @@ ?::tsquery
              ORDER BY i.created_at DESC LIMIT ?) AS newest
            GROUP BY thread_id ORDER BY max(created_at) DESC LIMIT ?
            """,
            row -> row.text("thread_id", ThreadId::new),
            project,
            query.allTerms(),
            PASSAGES,
            MOST));
  }
}
