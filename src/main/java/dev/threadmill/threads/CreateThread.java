package dev.threadmill.threads;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ToolResources;
import java.util.List;

/** The body of {@code POST /v1/threads}, and {@code thread} of {@code POST /v1/threads/runs}. */
public record CreateThread(
    List<CreateMessage> messages,
    ToolResources toolResources,
    Metadata metadata,
    AssistantId assistantId) {
  public CreateThread {
    messages = messages == null ? List.of() : Bounds.list("messages", messages, Integer.MAX_VALUE);
    metadata = metadata == null ? Metadata.EMPTY : metadata;
  }

  /** An empty thread. */
  public static CreateThread empty() {
    return new CreateThread(null, null, null, null);
  }
}
