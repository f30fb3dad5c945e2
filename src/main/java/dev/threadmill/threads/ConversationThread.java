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
 * A thread: a conversation that lasts. (Not the one of {@code java.lang}.)
 *
 * @param assistantId its default assistant; null if it has none
 * @param forkedFrom what it was copied from; null if it began empty
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
   * Where a copy came from. Both may have been deleted since.
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
