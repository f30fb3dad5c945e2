package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.LimitedThreads;
import dev.threadmill.projects.Caller;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table of threads. */
@ApplicationScoped
public class ThreadStore implements LimitedThreads {
  /** The columns that {@link #readThread} reads. */
  public static final String COLUMNS =
      "id, project_id, created_at, assistant_id, status, tool_resources, metadata,"
          + " forked_from_thread, forked_from_message";

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final MessageStore messages;
  private final List<ThreadLifecycle> features;

  ThreadStore(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      MessageStore messages,
      @All List<ThreadLifecycle> features) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.messages = messages;
    this.features = features;
  }

  /**
   * A thread that was created.
   *
   * @param messages its first messages
   * @param nextMessageAt the time of the next message or run
   */
  public record Created(ConversationThread thread, List<Message> messages, Instant nextMessageAt) {}

  /**
   * Creates a thread with its first messages.
   *
   * @param room the number of further messages and runs to reserve times for
   */
  public Created create(Tx tx, NewThread request, int room) {
    return create(tx, ids.thread(), request, room);
  }

  /** As {@link #create(Tx, NewThread, int)}, with an id that is not in use. */
  public Created create(Tx tx, ThreadId id, NewThread request, int room) {
    var thread =
        new ConversationThread(
            id,
            request.projectId(),
            clock.instant().truncatedTo(ChronoUnit.MILLIS),
            request.assistantId(),
            ConversationThread.Status.ACTIVE,
            request.toolResources(),
            request.metadata(),
            null);
    int count = request.messages().size();
    var firstTime = thread.createdAt().plus(1, ChronoUnit.MICROS);
    tx.defer(
        """
        INSERT INTO threads (id, project_id, created_at, assistant_id, status, tool_resources,
          metadata, tail, hidden)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        thread.id(),
        thread.projectId(),
        thread.createdAt(),
        thread.assistantId(),
        thread.status(),
        Tx.json(thread.toolResources()),
        Tx.json(thread.metadata()),
        thread.createdAt().plus((long) count + room, ChronoUnit.MICROS),
        request.hidden());
    List<Message> appended = List.of();
    if (count > 0) {
      var locked = LockedThread.created(thread, firstTime);
      appended = messages.append(tx, locked, request.messages());
    }
    return new Created(thread, appended, firstTime.plus(count, ChronoUnit.MICROS));
  }

  /** As {@link #create(Tx, NewThread, int)}, in a transaction of its own. */
  public ConversationThread createAndCommit(NewThread request) {
    var created = jdbc.inTransaction(tx -> create(tx, request, 0));
    // What is attached to its messages has been added to its tool resources.
    return created.messages().stream().anyMatch(Message::hasAttachments)
        ? get(request.projectId(), created.thread().id())
        : created.thread();
  }

  /**
   * The thread, empty if the project has none of this id, or if the current request may not see it.
   */
  public Optional<ConversationThread> find(ProjectId project, ThreadId id) {
    return jdbc.one(
            "SELECT " + COLUMNS + " FROM threads WHERE id = ? AND project_id = ?",
            ThreadStore::readThread,
            id,
            project)
        .filter(thread -> UserThreads.isVisible(thread.metadata()));
  }

  /** The thread; 404 if the project has none of this id. */
  public ConversationThread get(ProjectId project, ThreadId id) {
    return find(project, id).orElseThrow(() -> ApiException.notFound("thread", id));
  }

  @Override
  public void requireExisting(ProjectId project, ThreadId thread) {
    get(project, thread);
  }

  /** The threads of a project, filtered by assistant (if not null) and metadata. */
  public Page<ConversationThread> list(
      ProjectId project, AssistantId assistant, Map<String, String> metadata, PageRequest page) {
    var threads =
        Keyset.of(COLUMNS, "threads")
            .within("project_id = ?", project.value())
            .filteredBy("NOT hidden");
    if (assistant != null) {
      threads.filteredBy("assistant_id = ?", assistant.value());
    }
    Caller.clientUser().ifPresent(user -> threads.filteredBy("metadata ->> 'user' = ?", user.id()));
    if (!metadata.isEmpty()) {
      threads.filteredBy("metadata @> ?", Tx.json(metadata));
    }
    return threads.page(
        page,
        (sql, params) -> jdbc.list(sql, ThreadStore::readThread, params),
        thread -> thread.id().value());
  }

  /** Replaces the metadata. The changed thread, empty if the project has none of this id. */
  public Optional<ConversationThread> setMetadata(
      ProjectId project, ThreadId id, Metadata metadata) {
    return jdbc.updateReturningOne(
        "UPDATE threads SET metadata = ? WHERE id = ? AND project_id = ? RETURNING " + COLUMNS,
        ThreadStore::readThread,
        Tx.json(metadata),
        id,
        project);
  }

  /** The changed thread, empty if the project has none of this id. */
  Optional<ConversationThread> modify(ProjectId project, ThreadId id, ModifyThread change) {
    return jdbc.updateReturningOne(
        """
        UPDATE threads SET
          tool_resources = CASE WHEN ? THEN ?::jsonb ELSE tool_resources END,
          metadata = CASE WHEN ? THEN ?::jsonb ELSE metadata END,
          assistant_id = CASE WHEN ? THEN ? ELSE assistant_id END,
          status = CASE WHEN ? THEN ? ELSE status END
        WHERE id = ? AND project_id = ? RETURNING """
            + " "
            + COLUMNS,
        ThreadStore::readThread,
        change.toolResources().isPresent(),
        Tx.json(change.toolResources().orElse(null)),
        change.metadata().isPresent(),
        Tx.json(change.metadata().orElse(null)),
        change.assistantId().isPresent(),
        change.assistantId().orElse(null),
        change.status().isPresent(),
        change.status().orElse(null),
        id,
        project);
  }

  /**
   * Locks the thread until the transaction ends and reserves times for this number of messages at
   * its end. After the wait for the lock, the result shows what its previous holder has committed.
   *
   * @throws ApiException 404 if the project has no such thread
   */
  public LockedThread lock(Tx tx, ProjectId project, ThreadId id, int messageCount) {
    // Always an UPDATE: its RETURNING is evaluated when the row is locked, unlike the columns of a
    // SELECT FOR UPDATE.
    return tx.updateReturningOne(
            """
            UPDATE threads SET tail = CASE WHEN ? = 0 THEN tail ELSE
                GREATEST(tail + interval '1 microsecond', ?)
                + (? - 1) * interval '1 microsecond' END
            WHERE id = ? AND project_id = ?
            RETURNING id, project_id, assistant_id, status,
              tail - (? - 1) * interval '1 microsecond' AS first_time,
              active_run(id) AS active_run""",
            ThreadStore::readLocked,
            messageCount,
            clock.instant().truncatedTo(ChronoUnit.MICROS),
            messageCount,
            id,
            project,
            messageCount)
        .orElseThrow(() -> ApiException.notFound("thread", id));
  }

  /**
   * Deletes the thread with its messages and all that other features store for it, and commits.
   * Active runs are cancelled first.
   *
   * @throws ApiException 404 if the project has no such thread
   */
  public void deleteAndCommit(ProjectId project, ThreadId id) {
    jdbc.runInTransaction(
        tx -> {
          lock(tx, project, id, 0);
          deleteLocked(tx, id);
        });
  }

  /** As {@link #deleteAndCommit}, of a thread that this transaction has locked. */
  public void deleteLocked(Tx tx, ThreadId id) {
    features.forEach(feature -> feature.deleteThread(tx, id));
    tx.defer("DELETE FROM messages WHERE thread_id = ?", id);
    ForkHeir.passOn(tx, id);
    tx.defer("DELETE FROM threads WHERE id = ?", id);
  }

  /** Reads a row that has all {@link #COLUMNS}. */
  public static ConversationThread readThread(Row row) throws SQLException {
    return new ConversationThread(
        row.text("id", ThreadId::new),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.text("assistant_id", AssistantId::new),
        row.enumValue("status", ConversationThread.Status.class),
        row.json("tool_resources", ToolResources.class),
        row.json("metadata", Metadata.class),
        forkedFrom(row));
  }

  private static ConversationThread.ForkedFrom forkedFrom(Row row) throws SQLException {
    var thread = row.text("forked_from_thread", ThreadId::new);
    return thread == null
        ? null
        : new ConversationThread.ForkedFrom(
            thread, row.text("forked_from_message", MessageId::new));
  }

  private static LockedThread readLocked(Row row) throws SQLException {
    return new LockedThread(
        row.text("id", ThreadId::new),
        row.text("project_id", ProjectId::new),
        row.text("assistant_id", AssistantId::new),
        row.enumValue("status", ConversationThread.Status.class),
        row.instant("first_time"),
        row.text("active_run", RunId::new));
  }
}
