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
 * @param attachments null if the client sent none
 * @param assistantId the assistant that wrote it in a run; null otherwise, as is {@code runId}
 * @param tokens what the content costs in a prompt
 */
public record Message(
    ThreadId threadId,
    MessageId id,
    Instant createdAt,
    State state,
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

  /**
   * How far the message is.
   *
   * @param incompleteReason why it is incomplete; null if it is not
   * @param completedAt null if it is not complete
   * @param incompleteAt null if it is not incomplete
   */
  public record State(
      Status status, String incompleteReason, Instant completedAt, Instant incompleteAt) {
    /** A message that is still written. */
    public static final State IN_PROGRESS = new State(Status.IN_PROGRESS, null, null, null);

    /** A message that is complete since this time. */
    public static State completed(Instant at) {
      return new State(Status.COMPLETED, null, at, null);
    }

    /** A message that stays incomplete. */
    public static State incomplete(String reason, Instant at) {
      return new State(Status.INCOMPLETE, reason, null, at);
    }
  }

  /** Whether it is complete. */
  public Status status() {
    return state.status();
  }

  /** Why it is incomplete; null if it is not. */
  public String incompleteReason() {
    return state.incompleteReason();
  }

  /** Since when it is complete; null if it is not. */
  public Instant completedAt() {
    return state.completedAt();
  }

  /** Since when it is incomplete; null if it is not. */
  public Instant incompleteAt() {
    return state.incompleteAt();
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
