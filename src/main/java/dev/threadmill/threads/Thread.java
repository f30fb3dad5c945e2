package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.AssistantId;
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
 */
public record Thread(
    ThreadId id,
    ProjectId projectId,
    Instant createdAt,
    AssistantId assistantId,
    Status status,
    ToolResources toolResources,
    Metadata metadata) {

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
