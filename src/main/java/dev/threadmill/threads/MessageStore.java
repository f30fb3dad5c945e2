package dev.threadmill.threads;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.files.Files;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Cause;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.OutboxEvent;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The table of messages. */
@ApplicationScoped
public class MessageStore {
  /** All columns of a message, for {@link #readMessage}. */
  public static final String COLUMNS =
      """
      thread_id, id, created_at, status, incomplete_reason, completed_at, incomplete_at, role,
      content, attachments, metadata, assistant_id, run_id, tokens\
      """;

  private static final String SIZE = Keyset.sizeExpression("content");

  private static final int MAX_UNANSWERED = 100;

  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};
  private static final TypeReference<List<Attachment>> ATTACHMENTS = new TypeReference<>() {};

  private final Jdbc jdbc;
  private final Ids ids;
  private final Outbox outbox;
  private final Event<MessagesAdded> added;
  private final Files files;
  private final List<AttachmentListener> attachmentListeners;

  MessageStore(
      Jdbc jdbc,
      Ids ids,
      Outbox outbox,
      Event<MessagesAdded> added,
      Files files,
      @All List<AttachmentListener> attachmentListeners) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.outbox = outbox;
    this.added = added;
    this.files = files;
    this.attachmentListeners = attachmentListeners;
  }

  /**
   * Appends messages to a thread that was locked for this number of messages. The caller checks
   * whether they may be added: see {@link LockedThread#requireOpenForMessages}.
   */
  public List<Message> append(Tx tx, LockedThread thread, List<NewMessage> messages) {
    return append(tx, thread, messages, Caller.causeOfRequest());
  }

  /** As {@link #append(Tx, LockedThread, List)}, of messages that another request has sent. */
  public List<Message> append(Tx tx, LockedThread thread, List<NewMessage> messages, Cause cause) {
    var appended = new ArrayList<Message>();
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      var at = thread.firstMessageAt().plus(i, ChronoUnit.MICROS);
      appended.add(
          new Message(
              thread.id(),
              ids.message(),
              at,
              Message.State.completed(at),
              message.role(),
              message.content(),
              message.attachments(),
              message.metadata(),
              null,
              null,
              message.tokens()));
    }
    insert(tx, thread.projectId(), appended, cause);
    files.assign(
        tx,
        thread.projectId(),
        thread.id(),
        messages.stream().flatMap(message -> message.ownFiles().stream()).toList());
    var withAttachments = appended.stream().filter(Message::hasAttachments).toList();
    if (!withAttachments.isEmpty()) {
      attachmentListeners.forEach(
          each -> each.attached(tx, thread.projectId(), thread.id(), withAttachments));
    }
    return appended;
  }

  /**
   * When the newest message of a thread was created that has this key in its metadata and was
   * created before this time; empty if there is none.
   */
  public Optional<Instant> newestMarked(ThreadId thread, String key, Instant before) {
    return jdbc.one(
        """
        SELECT created_at FROM messages
        WHERE thread_id = ? AND jsonb_exists(metadata, ?) AND created_at < ?
        ORDER BY created_at DESC LIMIT 1
        """,
        row -> row.instant("created_at"),
        thread,
        key,
        before);
  }

  /**
   * When the message of this place was created, counted from the newest one up to a time; empty if
   * the thread has fewer.
   *
   * @param place 1 for the newest
   */
  public Optional<Instant> timeOfNewest(ThreadId thread, Instant until, int place) {
    return jdbc.one(
        """
        SELECT created_at FROM messages WHERE thread_id = ? AND created_at <= ?
        ORDER BY created_at DESC OFFSET ? LIMIT 1
        """,
        row -> row.instant("created_at"),
        thread,
        until,
        place - 1);
  }

  /** Stores messages as they are, with an event for each. */
  public void insert(Tx tx, ProjectId project, List<Message> messages, Cause cause) {
    insertWithoutEvents(tx, project, messages);
    outbox.append(tx, messages.stream().map(each -> created(project, each, cause)).toList());
  }

  /** Stores messages as they are, of a thread that was copied or imported. */
  void insertWithoutEvents(Tx tx, ProjectId project, List<Message> messages) {
    tx.deferBatch(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, incomplete_reason,
          completed_at, incomplete_at, role, content, attachments, metadata, assistant_id, run_id,
          tokens)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        messages.stream().map(message -> params(project, message)).toList());
    tx.afterCommit(() -> added.fire(MessagesAdded.INSTANCE));
  }

  private static OutboxEvent created(ProjectId project, Message message, Cause cause) {
    return Activity.of(Activity.MESSAGE_CREATED, project, message.createdAt())
        .assistant(message.assistantId())
        .thread(message.threadId())
        .run(message.runId())
        .cause(cause)
        .status(message.status().name().toLowerCase(Locale.ROOT))
        .safetyFlag(
            Activity.CONTENT_FILTER.equals(message.incompleteReason())
                ? Activity.CONTENT_FILTER
                : null)
        .detail("message_id", message.id().value())
        .detail("role", message.role().name().toLowerCase(Locale.ROOT))
        .build()
        .toEvent();
  }

  private static Object[] params(ProjectId project, Message message) {
    return new Object[] {
      message.threadId(),
      message.id(),
      project,
      message.createdAt(),
      message.status(),
      message.incompleteReason(),
      message.completedAt(),
      message.incompleteAt(),
      message.role(),
      Tx.json(message.content()),
      Tx.json(message.attachments()),
      Tx.json(message.metadata()),
      message.assistantId(),
      message.runId(),
      message.tokens()
    };
  }

  /** The message, empty if the project has none of this id in this thread. */
  public Optional<Message> find(ProjectId project, ThreadId thread, MessageId id) {
    return listOf(project, thread)
        .find(id.value(), Keyset.counted(jdbc, MessageStore::readMessage), SIZE);
  }

  private static Keyset listOf(ProjectId project, ThreadId thread) {
    return Keyset.of(COLUMNS, "messages")
        .within("thread_id = ?", thread.value())
        .within("project_id = ?", project.value());
  }

  /** Those of the messages that exist, in no particular order. */
  public List<Message> findAll(ThreadId thread, Collection<MessageId> messageIds) {
    return jdbc.list(
        "SELECT " + COLUMNS + " FROM messages WHERE thread_id = ? AND id = ANY (?)",
        MessageStore::readMessage,
        thread,
        messageIds);
  }

  /** Those of these messages of any threads that exist, in no order. */
  public List<Message> findAll(Map<MessageId, ThreadId> threads) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM messages"
            + " WHERE (thread_id, id) IN (SELECT * FROM unnest(?::text[], ?::text[]))",
        MessageStore::readMessage,
        List.copyOf(threads.values()),
        List.copyOf(threads.keySet()));
  }

  /** As {@link #findAll(ThreadId, Collection)}, in a transaction. */
  public List<Message> findAll(Tx tx, ThreadId thread, Collection<MessageId> messageIds) {
    return tx.list(
        "SELECT " + COLUMNS + " FROM messages WHERE thread_id = ? AND id = ANY (?)",
        MessageStore::readMessage,
        thread,
        messageIds);
  }

  /** The newest message with an image among those that no message of an assistant follows. */
  public Optional<MessageId> unansweredWithImage(ProjectId project, ThreadId thread) {
    return jdbc.one(
        """
        SELECT id FROM (
          SELECT id, created_at, role, content FROM messages
          WHERE thread_id = ? AND project_id = ?
          ORDER BY created_at DESC, id DESC LIMIT ?) AS newest
        WHERE role = 'user'
          AND jsonb_path_exists(
            content, '$[*] ? (@.type == "image_url" || @.type == "image_file")')
          AND created_at > coalesce(
            (SELECT created_at FROM messages WHERE thread_id = ? AND role = 'assistant'
              ORDER BY created_at DESC LIMIT 1), '-infinity')
        ORDER BY created_at DESC, id DESC LIMIT 1
        """,
        row -> row.text("id", MessageId::new),
        thread,
        project,
        MAX_UNANSWERED,
        thread);
  }

  /** The messages of a thread, or of one run in it. */
  public Page<Message> list(ProjectId project, ThreadId thread, RunId run, PageRequest page) {
    var messages = listOf(project, thread);
    if (run != null) {
      messages.filteredBy("run_id = ?", run.value());
    }
    return messages.pageBoundedBySize(
        page,
        Keyset.counted(jdbc, MessageStore::readMessage),
        message -> message.id().value(),
        SIZE);
  }

  /** Sets the metadata of a message if there is one of this id. */
  void setMetadata(ProjectId project, ThreadId thread, MessageId id, Metadata metadata) {
    jdbc.update(
        "UPDATE messages SET metadata = ? WHERE thread_id = ? AND id = ? AND project_id = ?",
        Tx.json(metadata),
        thread,
        id,
        project);
  }

  /** Deletes a message of a locked thread. Returns false if there is no such message. */
  public boolean delete(Tx tx, ThreadId thread, MessageId id) {
    tx.defer("UPDATE threads SET deletions = deletions + 1 WHERE id = ?", thread);
    return tx.update("DELETE FROM messages WHERE thread_id = ? AND id = ?", thread, id) > 0;
  }

  /** Reads a row that has all {@link #COLUMNS}. */
  public static Message readMessage(Row row) throws SQLException {
    return new Message(
        row.text("thread_id", ThreadId::new),
        row.text("id", MessageId::new),
        row.instant("created_at"),
        new Message.State(
            row.enumValue("status", Message.Status.class),
            row.text("incomplete_reason"),
            row.instant("completed_at"),
            row.instant("incomplete_at")),
        row.enumValue("role", Message.Role.class),
        row.json("content", CONTENT),
        row.json("attachments", ATTACHMENTS),
        row.json("metadata", Metadata.class),
        row.text("assistant_id", AssistantId::new),
        row.text("run_id", RunId::new),
        row.integer("tokens"));
  }
}
