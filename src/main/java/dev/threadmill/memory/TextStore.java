package dev.threadmill.memory;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the texts that memories point to. */
@ApplicationScoped
class TextStore {
  private final Jdbc jdbc;

  TextStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * What the memory wants to know of a thread.
   *
   * @param assistantId the thread's default assistant, or the one that spoke last; null if none
   * @param userId what its metadata name as {@code user}; null if nothing
   */
  record ThreadFacts(ThreadId id, ProjectId project, String assistantId, String userId) {}

  private record Read(int place, String text) {}

  /** The thread of this id, if it belongs to the project. */
  Optional<ThreadFacts> thread(ProjectId project, ThreadId id) {
    return jdbc.one(
        """
        SELECT t.id, t.project_id, t.metadata ->> 'user' AS user_id,
          coalesce(t.assistant_id, (
            SELECT m.assistant_id FROM messages m
            WHERE m.thread_id = t.id AND m.assistant_id IS NOT NULL
            ORDER BY m.created_at DESC LIMIT 1)) AS assistant_id
        FROM threads t WHERE t.id = ? AND t.project_id = ?
        """,
        row ->
            new ThreadFacts(
                row.text("id", ThreadId::new),
                row.text("project_id", ProjectId::new),
                row.text("assistant_id"),
                row.text("user_id")),
        id,
        project);
  }

  /** The text of the newest message that a user wrote. */
  Optional<String> newestOfUser(ThreadId thread) {
    return jdbc.one(
        """
        SELECT message_text(content) AS text FROM messages
        WHERE thread_id = ? AND role = 'user' ORDER BY created_at DESC, id DESC LIMIT 1
        """,
        row -> row.text("text"),
        thread);
  }

  /** The texts of these pieces; what was deleted meanwhile is left out. */
  Map<Candidate, String> read(List<Candidate> candidates) {
    var texts = new HashMap<Candidate, String>();
    var messages =
        candidates.stream().filter(c -> c.type() == Candidate.SourceType.MESSAGE).toList();
    if (!messages.isEmpty()) {
      jdbc.list(
              """
              SELECT k.place, substr(message_text(m.content), k.begins + 1, k.ends - k.begins) AS text
              FROM unnest(?::text[], ?::text[], ?::int[], ?::int[])
                WITH ORDINALITY AS k (thread_id, id, begins, ends, place)
              JOIN messages m ON m.thread_id = k.thread_id AND m.id = k.id
              """,
              row -> new Read(row.integer("place"), row.text("text")),
              messages.stream().map(c -> c.thread().value()).toList(),
              messages.stream().map(Candidate::sourceId).toList(),
              messages.stream().map(Candidate::begins).toList(),
              messages.stream().map(Candidate::ends).toList())
          .forEach(read -> texts.put(messages.get(read.place() - 1), read.text()));
    }
    return texts;
  }

  /** Whether a message is in this thread. */
  boolean hasMessage(ThreadId thread, MessageId message) {
    return jdbc.one(
            "SELECT 1 AS found FROM messages WHERE thread_id = ? AND id = ?",
            row -> true,
            thread,
            message)
        .isPresent();
  }
}
