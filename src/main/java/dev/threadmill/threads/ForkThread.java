package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Field;
import dev.threadmill.api.Ids;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Copies a thread up to one of its messages, with the tool calls between them, so that a model sees
 * the same past. Reads the thread as it is at one moment and locks nothing of it, so it may be in
 * use.
 */
@ApplicationScoped
class ForkThread {
  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final Event<MessagesAdded> added;

  ForkThread(Jdbc jdbc, Ids ids, InstantSource clock, Event<MessagesAdded> added) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.added = added;
  }

  /**
   * The body of {@code POST /v1/threads/{thread_id}/fork}. What is left out of metadata and
   * assistant is as in the original.
   *
   * @param messageId the last message to be copied; null for the thread's last
   */
  record ForkRequest(
      MessageId messageId, Field<Metadata> metadata, Field<AssistantId> assistantId) {
    ForkRequest {
      metadata = metadata.replaceNull(Metadata.EMPTY);
    }

    static ForkRequest nothing() {
      return new ForkRequest(null, Field.absent(), Field.absent());
    }
  }

  private record SourceMessage(MessageId id, Instant at) {}

  /**
   * Makes the copy, in one transaction.
   *
   * @throws ApiException 404 if the project has no such thread, or the thread no such message
   */
  ConversationThread fork(ProjectId project, ThreadId id, ForkRequest request) {
    return jdbc.inTransaction(
        tx -> {
          tx.update("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
          var original = thread(tx, project, id);
          var last = last(tx, id, request.messageId());
          var copy =
              new ConversationThread(
                  ids.thread(),
                  project,
                  clock.instant().truncatedTo(ChronoUnit.MILLIS),
                  request.assistantId().orElse(original.assistantId()),
                  ConversationThread.Status.ACTIVE,
                  original.toolResources(),
                  request.metadata().orElse(original.metadata()),
                  new ConversationThread.ForkedFrom(id, last.map(SourceMessage::id).orElse(null)));
          insert(tx, copy, last.map(SourceMessage::at).orElse(copy.createdAt()));
          last.ifPresent(until -> copyContents(tx, id, copy.id(), until));
          return copy;
        });
  }

  private static ConversationThread thread(Tx tx, ProjectId project, ThreadId id) {
    return tx.one(
            "SELECT " + ThreadStore.COLUMNS + " FROM threads WHERE id = ? AND project_id = ?",
            ThreadStore::readThread,
            id,
            project)
        .orElseThrow(() -> ApiException.notFound("thread", id));
  }

  /** The last message to be copied; empty if the thread has none and none was asked for. */
  private static Optional<SourceMessage> last(Tx tx, ThreadId thread, MessageId wanted) {
    var found =
        tx.one(
            """
            SELECT id, created_at FROM messages
            WHERE thread_id = ? AND status <> 'in_progress' AND (?::text IS NULL OR id = ?)
            ORDER BY created_at DESC, id DESC LIMIT 1
            """,
            row -> new SourceMessage(row.text("id", MessageId::new), row.instant("created_at")),
            thread,
            wanted,
            wanted);
    if (found.isEmpty() && wanted != null) {
      throw ApiException.notFound("message", wanted);
    }
    return found;
  }

  private static void insert(Tx tx, ConversationThread copy, Instant lastMessage) {
    tx.update(
        """
        INSERT INTO threads (id, project_id, created_at, assistant_id, status, tool_resources,
          metadata, tail, forked_from_thread, forked_from_message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        copy.id(),
        copy.projectId(),
        copy.createdAt(),
        copy.assistantId(),
        copy.status(),
        Tx.json(copy.toolResources()),
        Tx.json(copy.metadata()),
        lastMessage.isAfter(copy.createdAt()) ? lastMessage : copy.createdAt(),
        copy.forkedFrom().threadId(),
        copy.forkedFrom().messageId());
  }

  private void copyContents(Tx tx, ThreadId from, ThreadId to, SourceMessage until) {
    var originals =
        tx.list(
            """
            SELECT id, created_at FROM messages
            WHERE thread_id = ? AND (created_at, id) <= (?, ?) AND status <> 'in_progress'
            """,
            row -> new SourceMessage(row.text("id", MessageId::new), row.instant("created_at")),
            from,
            until.at(),
            until.id());
    var oldIds = originals.stream().map(SourceMessage::id).toList();
    var newIds = originals.stream().map(original -> ids.messageAt(original.at())).toList();
    copyMessages(tx, from, to, oldIds, newIds);
    copyToolCalls(tx, from, to, until.at());
    tx.afterCommit(() -> added.fire(MessagesAdded.INSTANCE));
  }

  /** The runs stay with the original, so the copies belong to none. */
  private static void copyMessages(
      Tx tx, ThreadId from, ThreadId to, List<MessageId> oldIds, List<MessageId> newIds) {
    tx.update(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, incomplete_reason,
          completed_at, incomplete_at, role, content, attachments, metadata, assistant_id, tokens)
        SELECT ?, n.new_id, m.project_id, m.created_at, m.status, m.incomplete_reason,
          m.completed_at, m.incomplete_at, m.role, m.content, m.attachments, m.metadata,
          m.assistant_id, m.tokens
        FROM unnest(?, ?) AS n (old_id, new_id)
        JOIN messages m ON m.thread_id = ? AND m.id = n.old_id
        """,
        to,
        oldIds,
        newIds,
        from);
    // What the memory was made to forget it is not to learn again from the copy.
    tx.update(
        """
        INSERT INTO memory_forgotten (thread_id, message_id, project_id)
        SELECT ?, n.new_id, f.project_id
        FROM unnest(?, ?) AS n (old_id, new_id)
        JOIN memory_forgotten f ON f.thread_id = ? AND f.message_id = n.old_id
        """,
        to,
        oldIds,
        newIds,
        from);
  }

  /** What the calls have cost was paid once and stays with the original. */
  private static void copyToolCalls(Tx tx, ThreadId from, ThreadId to, Instant until) {
    tx.update(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status, ended_at, last_error, message_id)
        SELECT ?, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status, ended_at, last_error, message_id
        FROM run_steps
        WHERE thread_id = ? AND type = 'tool_calls' AND status = 'completed' AND created_at <= ?
        """,
        to,
        from,
        until);
    tx.update(
        """
        INSERT INTO tool_calls (thread_id, id, project_id, run_id, step_id, ordinal, type, name,
          arguments, output, executor, routing)
        SELECT s.thread_id, c.id, c.project_id, c.run_id, c.step_id, c.ordinal, c.type, c.name,
          c.arguments, c.output, c.executor, c.routing
        FROM run_steps s
        JOIN tool_calls c ON c.thread_id = ? AND c.step_id = s.id
        WHERE s.thread_id = ?
        """,
        from,
        to);
  }
}
