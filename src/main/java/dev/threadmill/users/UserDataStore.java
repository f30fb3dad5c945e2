package dev.threadmill.users;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads what belongs to a user: the threads whose metadata name it, and all that hangs on them. */
@ApplicationScoped
class UserDataStore {
  /** What is counted of threads. Each table has {@code thread_id}. */
  private static final String COUNTS =
      """
      SELECT
        (SELECT count(*) FROM messages WHERE thread_id = ANY(?)) AS messages,
        (SELECT count(*) FROM runs WHERE thread_id = ANY(?)) AS runs,
        (SELECT count(*) FROM run_steps WHERE thread_id = ANY(?)) AS steps,
        (SELECT count(*) FROM tool_calls WHERE thread_id = ANY(?)) AS tool_calls,
        (SELECT count(*) FROM responses WHERE thread_id = ANY(?)) AS responses,
        (SELECT count(*) FROM memory_facts WHERE thread_id = ANY(?)) AS memories,
        (SELECT count(*) FROM memory_summaries WHERE thread_id = ANY(?)) AS summaries,
        (SELECT count(*) FROM memory_index WHERE thread_id = ANY(?)) AS vectors,
        (SELECT count(*) FROM event_log WHERE project_id = ? AND payload ->> 'thread_id' = ANY(?))
          AS log_events,
        (SELECT count(*) FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
         WHERE e.project_id = ? AND d.lane = ANY(?)) AS webhook_deliveries
      """;

  private final Jdbc jdbc;

  UserDataStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The oldest threads of a user. */
  List<ThreadId> threads(ProjectId project, String user, int limit) {
    return jdbc.list(
        """
        SELECT id FROM threads
        WHERE project_id = ? AND metadata @> jsonb_build_object('user', ?::text)
        ORDER BY created_at, id LIMIT ?
        """,
        row -> row.text("id", ThreadId::new),
        project,
        user,
        limit);
  }

  /** How many rows these threads have, by what they are. */
  Map<String, Long> counts(ProjectId project, List<ThreadId> threads) {
    var names =
        List.of(
            "messages",
            "runs",
            "steps",
            "tool_calls",
            "responses",
            "memories",
            "summaries",
            "vectors",
            "log_events",
            "webhook_deliveries");
    return jdbc.one(
            COUNTS,
            row -> {
              var counts = new LinkedHashMap<String, Long>();
              for (var name : names) {
                counts.put(name, row.bigint(name));
              }
              return counts;
            },
            threads,
            threads,
            threads,
            threads,
            threads,
            threads,
            threads,
            threads,
            project,
            threads,
            project,
            threads)
        .orElseThrow();
  }

  /** The files that were made for these threads, or that their messages and tools name. */
  List<String> files(ProjectId project, List<ThreadId> threads) {
    return jdbc.list(
        """
        SELECT id FROM files WHERE project_id = ? AND (thread_id = ANY(?) OR id IN (
          SELECT jsonb_path_query(content, '$.**.file_id') #>> '{}' FROM messages
          WHERE thread_id = ANY(?)
          UNION
          SELECT jsonb_path_query(attachments, '$.**.file_id') #>> '{}' FROM messages
          WHERE thread_id = ANY(?) AND attachments IS NOT NULL
          UNION
          SELECT file_id FROM thread_tool_files WHERE thread_id = ANY(?)))
        ORDER BY id
        """,
        row -> row.text("id"),
        project,
        threads,
        threads,
        threads,
        threads);
  }

  /** Those of these files that no message of the project and no tool of a thread names any more. */
  List<String> unused(ProjectId project, List<String> files) {
    return files.isEmpty()
        ? List.of()
        : jdbc.list(
            """
            SELECT f.id FROM unnest(?::text[]) AS f (id)
            WHERE NOT EXISTS (
              SELECT 1 FROM messages m WHERE m.project_id = ?
                AND (strpos(m.content::text, f.id) > 0 OR strpos(m.attachments::text, f.id) > 0))
              AND NOT EXISTS (SELECT 1 FROM thread_tool_files t WHERE t.file_id = f.id)
            """,
            row -> row.text("id"),
            files,
            project);
  }
}
