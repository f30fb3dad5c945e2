package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * A message of a thread.
 *
 * @param createdAt its position in the thread: no two messages of a thread have the same time
 * @param incompleteReason why it is incomplete; null if it is not
 * @param attachments null if the client sent none
 * @param assistantId the assistant that wrote it in a run; null otherwise, as is {@code runId}
 * @param tokens what the content costs in a prompt
 */
public record Message(
    ThreadId threadId,
    MessageId id,
    Instant createdAt,
    Status status,
    String incompleteReason,
    Instant completedAt,
    Instant incompleteAt,
    Role role,
    List<ContentPart> content,
    List<Attachment> attachments,
    Metadata metadata,
    AssistantId assistantId,
    RunId runId,
    int tokens) {
  public Message {
    content = List.copyOf(content);
    attachments = attachments == null ? null : List.copyOf(attachments);
  }

  /** Whether files are attached to it. */
  public boolean hasAttachments() {
    return attachments != null && !attachments.isEmpty();
  }

  /** Whether the message is complete. */
  public enum Status {
    IN_PROGRESS,
    INCOMPLETE,
    COMPLETED;

    /** The name on the wire and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The author of a message. */
  public enum Role {
    USER,
    ASSISTANT;

    /** The name on the wire and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
