package dev.threadmill.memory.recall;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the texts of messages and facts. */
@ApplicationScoped
public class TextStore {
  private final Jdbc jdbc;

  public TextStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * A thread and its owners.
   *
   * @param assistantId the thread's default assistant, or the last one with a message; null if none
   * @param userId the {@code user} in its metadata; null if none
   */
  public record ThreadInfo(ThreadId id, ProjectId project, String assistantId, String userId) {}

  private record ReadText(int place, String text) {}

  /** Finds a thread of the project. */
  public Optional<ThreadInfo> thread(ProjectId project, ThreadId id) {
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
            new ThreadInfo(
                row.text("id", ThreadId::new),
                row.text("project_id", ProjectId::new),
                row.text("assistant_id"),
                row.text("user_id")),
        id,
        project);
  }

  /** The newest text of a user, among the last messages: the newest may be a picture. */
  public Optional<String> newestUserText(ThreadId thread) {
    return jdbc.one(
        """
        SELECT text FROM (
          SELECT message_text(content) AS text, created_at, id FROM messages
          WHERE thread_id = ? AND role = 'user' ORDER BY created_at DESC, id DESC LIMIT 20
        ) AS newest
        WHERE text <> '' ORDER BY created_at DESC, id DESC LIMIT 1
        """,
        row -> row.text("text"),
        thread);
  }

  /** The texts of passages; those whose source was deleted are left out. */
  public Map<PassageReference, String> read(List<PassageReference> passages) {
    var texts = new HashMap<PassageReference, String>();
    var messages = ofType(SourceType.MESSAGE, passages);
    if (!messages.isEmpty()) {
      jdbc.list(
              """
              SELECT k.place, substr(message_text(m.content), k.begins + 1, k.ends - k.begins) AS text
              FROM unnest(?::text[], ?::text[], ?::int[], ?::int[])
                WITH ORDINALITY AS k (thread_id, id, begins, ends, place)
              JOIN messages m ON m.thread_id = k.thread_id AND m.id = k.id
              """,
              row -> new ReadText(row.integer("place"), row.text("text")),
              messages.stream().map(PassageReference::thread).toList(),
              messages.stream().map(PassageReference::sourceId).toList(),
              messages.stream().map(PassageReference::startOffset).toList(),
              messages.stream().map(PassageReference::endOffset).toList())
          .forEach(read -> texts.put(messages.get(read.place() - 1), read.text()));
    }
    var facts = ofType(SourceType.FACT, passages);
    if (!facts.isEmpty()) {
      jdbc.list(
              """
              SELECT k.place, f.text
              FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS k (thread_id, id, place)
              JOIN memory_facts f ON f.thread_id = k.thread_id AND f.id = k.id
              """,
              row -> new ReadText(row.integer("place"), row.text("text")),
              facts.stream().map(PassageReference::thread).toList(),
              facts.stream().map(PassageReference::sourceId).toList())
          .forEach(read -> texts.put(facts.get(read.place() - 1), read.text()));
    }
    return texts;
  }

  private static List<PassageReference> ofType(SourceType type, List<PassageReference> passages) {
    return passages.stream().filter(passage -> passage.type() == type).toList();
  }

  /** A message for a summary. */
  public record MessageText(String id, boolean byAssistant, Instant at, String text) {}

  /** The messages after a time and not after another one, oldest first. */
  public List<MessageText> between(ThreadId thread, Instant after, Instant to, int limit) {
    return jdbc.list(
        """
        SELECT m.id, m.role = 'assistant' AS by_assistant, m.created_at,
          left(coalesce(message_text(m.content), ''), 8000) AS text
        FROM messages m
        WHERE m.thread_id = ? AND m.created_at > ? AND m.created_at <= ?
          AND NOT EXISTS (SELECT 1 FROM memory_forgotten f
                          WHERE f.thread_id = m.thread_id AND f.message_id = m.id)
        ORDER BY m.created_at, m.id LIMIT ?
        """,
        row ->
            new MessageText(
                row.text("id"),
                row.bool("by_assistant"),
                row.instant("created_at"),
                row.text("text")),
        thread,
        after,
        to,
        limit);
  }

  /**
   * How many messages a thread has, and when the newest of them was created.
   *
   * @param newest null if there are none
   */
  public record MessageCount(int messages, Instant newest) {}

  /** The complete messages of a thread up to a time. */
  public MessageCount countUntil(ThreadId thread, Instant to) {
    return jdbc.one(
            """
            SELECT count(*)::int AS messages, max(m.created_at) AS newest FROM messages m
            WHERE m.thread_id = ? AND m.created_at <= ? AND m.status <> 'in_progress'
            """,
            row -> new MessageCount(row.integer("messages"), row.instant("newest")),
            thread,
            to)
        .orElseThrow();
  }

  /** When the newest message of a run was created; empty if it has none. */
  public Optional<Instant> newestOf(ThreadId thread, RunId run) {
    return jdbc.one(
            "SELECT max(m.created_at) AS newest FROM messages m"
                + " WHERE m.thread_id = ? AND m.run_id = ?",
            row -> Optional.ofNullable(row.instant("newest")),
            thread,
            run)
        .flatMap(found -> found);
  }

  /**
   * Locks the complete messages of a thread up to a time until the commit. Returns how many of them
   * are not forgotten.
   */
  public int lockUntil(Tx tx, ThreadId thread, Instant to) {
    return tx.list(
            """
            SELECT m.id FROM messages m
            WHERE m.thread_id = ? AND m.created_at <= ? AND m.status <> 'in_progress'
              AND NOT EXISTS (SELECT 1 FROM memory_forgotten f
                              WHERE f.thread_id = m.thread_id AND f.message_id = m.id)
            FOR KEY SHARE
            """,
            row -> row.text("id"),
            thread,
            to)
        .size();
  }

  /** Locks messages until the commit. Returns how many of them exist and are not forgotten. */
  public int count(Tx tx, ThreadId thread, List<MessageText> messages) {
    return tx.list(
            """
            SELECT m.id FROM messages m
            WHERE m.thread_id = ? AND m.id = ANY (?)
              AND NOT EXISTS (SELECT 1 FROM memory_forgotten f
                              WHERE f.thread_id = m.thread_id AND f.message_id = m.id)
            FOR KEY SHARE
            """,
            row -> row.text("id"),
            thread,
            messages.stream().map(MessageText::id).toList())
        .size();
  }
}
