package dev.threadmill.threads.search;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.ConversationThread;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Searches the threads of a project, newest first. */
@ApplicationScoped
class FindThreads {
  /** How much of a message a list shows, in characters. */
  private static final int SHOWN = 200;

  private final Jdbc jdbc;
  private final LatestRuns runs;

  FindThreads(Jdbc jdbc, LatestRuns runs) {
    this.jdbc = jdbc;
    this.runs = runs;
  }

  /**
   * What threads have to fit; null and empty values fit all.
   *
   * @param found the ids that finders have returned; null if none was asked
   * @param from the earliest time of creation
   * @param to the time before which threads were created
   */
  record Filter(
      AssistantId assistant,
      String user,
      ConversationThread.Status status,
      Map<String, String> metadata,
      Instant from,
      Instant to,
      Set<ThreadId> found) {}

  /**
   * The ends of a thread.
   *
   * @param first the beginning of its first message; null if it has none
   * @param last the beginning of its latest message; null if it has none
   */
  record Ends(ThreadId id, String first, String last, Instant activeAt) {}

  Page<FoundThread> find(ProjectId project, Filter filter, PageRequest page) {
    var threads =
        Keyset.of(ThreadStore.COLUMNS, "threads")
            .within("project_id = ?", project.value())
            .filteredBy("NOT hidden");
    if (filter.found() != null) {
      var ids = filter.found().stream().map(ThreadId::value).toList();
      threads.filteredBy("id = ANY (?::text[])", ids);
    }
    if (filter.assistant() != null) {
      threads.filteredBy("assistant_id = ?", filter.assistant().value());
    }
    if (filter.user() != null) {
      threads.filteredBy("metadata ->> 'user' = ?", filter.user());
    }
    if (filter.status() != null) {
      threads.filteredBy("status = ?", filter.status());
    }
    if (!filter.metadata().isEmpty()) {
      threads.filteredBy("metadata @> ?", Tx.json(filter.metadata()));
    }
    if (filter.from() != null) {
      threads.filteredBy("created_at >= ?", filter.from());
    }
    if (filter.to() != null) {
      threads.filteredBy("created_at < ?", filter.to());
    }
    var found =
        threads.page(
            page,
            (sql, params) -> jdbc.list(sql, ThreadStore::readThread, params),
            thread -> thread.id().value());
    var ids = found.data().stream().map(ConversationThread::id).toList();
    if (ids.isEmpty()) {
      return found.map(thread -> null);
    }
    var ends = ends(ids);
    var latest = runs.of(ids);
    return found.map(
        thread -> FoundThread.of(thread, ends.get(thread.id()), latest.get(thread.id())));
  }

  private Map<ThreadId, Ends> ends(List<ThreadId> ids) {
    return jdbc
        .list(
            """
            SELECT t.id, t.tail,
              (SELECT left(message_text(m.content), ?) FROM messages m WHERE m.thread_id = t.id
               ORDER BY m.created_at, m.id LIMIT 1) AS first,
              (SELECT left(message_text(m.content), ?) FROM messages m WHERE m.thread_id = t.id
               ORDER BY m.created_at DESC, m.id DESC LIMIT 1) AS last
            FROM threads t WHERE t.id = ANY (?::text[])
            """,
            row ->
                new Ends(
                    row.text("id", ThreadId::new),
                    row.text("first"),
                    row.text("last"),
                    row.instant("tail")),
            SHOWN,
            SHOWN,
            ids.stream().map(ThreadId::value).toList())
        .stream()
        .collect(Collectors.toMap(Ends::id, Function.identity()));
  }
}
