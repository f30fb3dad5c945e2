package dev.threadmill.threads;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Tx;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;

/**
 * Stores threads that another server has had, with their messages. As with forks, there is no event
 * for each message.
 */
@ApplicationScoped
public class ImportThread {
  private final MessageStore messages;
  private final List<AttachmentListener> attachmentListeners;

  ImportThread(MessageStore messages, @All List<AttachmentListener> attachmentListeners) {
    this.messages = messages;
    this.attachmentListeners = attachmentListeners;
  }

  /**
   * Stores a thread.
   *
   * @param last the time of its last message, or of the thread if it has none
   */
  public void insert(Tx tx, ConversationThread thread, Instant last) {
    tx.update(
        """
        INSERT INTO threads (id, project_id, created_at, assistant_id, status, tool_resources,
          metadata, tail, hidden)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, false)
        """,
        thread.id(),
        thread.projectId(),
        thread.createdAt(),
        thread.assistantId(),
        thread.status(),
        Tx.json(thread.toolResources()),
        Tx.json(thread.metadata()),
        last);
  }

  /**
   * Stores messages of a thread that this transaction has inserted.
   *
   * @param attach whether their attachments are added to the tools of the thread
   */
  public void insertMessages(Tx tx, ProjectId project, List<Message> batch, boolean attach) {
    messages.insertWithoutEvents(tx, project, batch);
    var attached = batch.stream().filter(Message::hasAttachments).toList();
    if (attach && !attached.isEmpty()) {
      attachmentListeners.forEach(
          each -> each.attached(tx, project, attached.getFirst().threadId(), attached));
    }
  }
}
