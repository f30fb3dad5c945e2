package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolResources;
import java.time.Instant;
import java.util.Locale;

/**
 * A thread: a stored conversation.
 *
 * @param assistantId its default assistant; null if it has none
 * @param forkedFrom the thread that it is a fork of; null if it is none
 */
public record ConversationThread(
    ThreadId id,
    ProjectId projectId,
    Instant createdAt,
    AssistantId assistantId,
    Status status,
    ToolResources toolResources,
    Metadata metadata,
    ForkedFrom forkedFrom) {

  /**
   * The source of a fork. Both may have been deleted since.
   *
   * @param messageId the last message that was copied; null if there was none
   */
  public record ForkedFrom(ThreadId threadId, MessageId messageId) {}

  /** Whether the thread takes new messages and runs. */
  public enum Status {
    ACTIVE,
    ARCHIVED;

    /** The name on the wire and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
