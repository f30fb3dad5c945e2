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
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Copies a thread up to one of its messages, with what other features store for these messages, so
 * that a model is sent the same history. The source may be in use: it is not locked against new
 * messages and runs, only against deletion.
 */
@ApplicationScoped
class ForkThread {
  /** Messages that are copied by one statement: only ids are held in the heap. */
  static final int BATCH = 2_000;

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final List<ThreadLifecycle> features;
  private final Event<MessagesAdded> added;

  ForkThread(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      @All List<ThreadLifecycle> features,
      Event<MessagesAdded> added) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.features = features;
    this.added = added;
  }

  /**
   * The body of {@code POST /v1/threads/{thread_id}/fork}. Metadata and assistant default to those
   * of the source.
   *
   * @param messageId the last message to copy; null for the thread's last
   */
  record ForkRequest(
      MessageId messageId, Field<Metadata> metadata, Field<AssistantId> assistantId) {
    ForkRequest {
      metadata = metadata.replaceNull(Metadata.EMPTY);
    }

    /** The same fork, whose metadata name the user of the current client token, if any. */
    ForkRequest owned() {
      return new ForkRequest(
          messageId, metadata.map(pairs -> UserThreads.owned("", pairs)), assistantId);
    }

    static ForkRequest nothing() {
      return new ForkRequest(null, Field.absent(), Field.absent());
    }
  }

  private record SourceMessage(MessageId id, Instant at) {}

  /**
   * Makes the copy and commits it, in one transaction.
   *
   * @throws ApiException 404 if the project has no such thread, or the thread no such message
   */
  ConversationThread fork(ProjectId project, ThreadId id, ForkRequest request) {
    return jdbc.inTransaction(
        tx -> {
          var source = lockAgainstDeletion(tx, project, id);
          var last = last(tx, id, request.messageId());
          var copy =
              new ConversationThread(
                  ids.thread(),
                  project,
                  clock.instant().truncatedTo(ChronoUnit.MILLIS),
                  request.assistantId().orElse(source.assistantId()),
                  ConversationThread.Status.ACTIVE,
                  source.toolResources(),
                  request.metadata().orElse(source.metadata()),
                  new ConversationThread.ForkedFrom(id, last.map(SourceMessage::id).orElse(null)));
          insert(tx, copy, last.map(SourceMessage::at).orElse(copy.createdAt()));
          last.ifPresent(until -> copyMessages(tx, id, copy.id(), until));
          return copy;
        });
  }

  private static ConversationThread lockAgainstDeletion(Tx tx, ProjectId project, ThreadId id) {
    return tx.one(
            "SELECT "
                + ThreadStore.COLUMNS
                + " FROM threads WHERE id = ? AND project_id = ? FOR KEY SHARE",
            ThreadStore::readThread,
            id,
            project)
        .orElseThrow(() -> ApiException.notFound("thread", id));
  }

  /** The last message to copy; empty if the thread has none and none was asked for. */
  private static Optional<SourceMessage> last(Tx tx, ThreadId thread, MessageId wanted) {
    var found =
        tx.one(
            """
            SELECT id, created_at FROM messages
            WHERE thread_id = ? AND status <> 'in_progress' AND (?::text IS NULL OR id = ?)
            ORDER BY created_at DESC, id DESC LIMIT 1
            """,
            ForkThread::sourceMessage,
            thread,
            wanted,
            wanted);
    if (found.isEmpty() && wanted != null) {
      throw ApiException.notFound("message", wanted);
    }
    return found;
  }

  private static SourceMessage sourceMessage(Row row) throws SQLException {
    return new SourceMessage(row.text("id", MessageId::new), row.instant("created_at"));
  }

  private static void insert(Tx tx, ConversationThread copy, Instant lastMessage) {
    tx.defer(
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

  private void copyMessages(Tx tx, ThreadId source, ThreadId copy, SourceMessage until) {
    // No two messages of a thread have the same time.
    var after = Instant.EPOCH;
    List<SourceMessage> batch;
    do {
      batch = nextBatch(tx, source, after, until.at());
      if (!batch.isEmpty()) {
        copyBatch(tx, source, copy, after, batch);
        after = batch.getLast().at();
      }
    } while (batch.size() == BATCH);
    tx.afterCommit(() -> added.fire(MessagesAdded.INSTANCE));
  }

  private static List<SourceMessage> nextBatch(
      Tx tx, ThreadId source, Instant after, Instant until) {
    return tx.list(
        """
        SELECT id, created_at FROM messages
        WHERE thread_id = ? AND created_at > ? AND created_at <= ? AND status <> 'in_progress'
        ORDER BY created_at, id LIMIT ?
        """,
        ForkThread::sourceMessage,
        source,
        after,
        until,
        BATCH);
  }

  private void copyBatch(
      Tx tx, ThreadId source, ThreadId copy, Instant after, List<SourceMessage> batch) {
    var range =
        new ThreadLifecycle.ForkRange(
            source,
            copy,
            batch.stream().map(SourceMessage::id).toList(),
            batch.stream().map(message -> ids.messageAt(message.at())).toList(),
            after,
            batch.getLast().at());
    // The runs stay with the source, so the copies belong to none.
    tx.defer(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, incomplete_reason,
          completed_at, incomplete_at, role, content, attachments, metadata, assistant_id, tokens)
        SELECT ?, n.new_id, m.project_id, m.created_at, m.status, m.incomplete_reason,
          m.completed_at, m.incomplete_at, m.role, m.content, m.attachments, m.metadata,
          m.assistant_id, m.tokens
        FROM unnest(?, ?) AS n (old_id, new_id)
        JOIN messages m ON m.thread_id = ? AND m.id = n.old_id
        """,
        copy,
        range.messages(),
        range.copies(),
        source);
    features.forEach(feature -> feature.copyRange(tx, range));
  }
}
