package dev.threadmill.threads;

import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ToolResources;

/** A thread on the wire. The last three fields extend the Assistants API. */
public record ThreadObject(
    String id,
    String object,
    long createdAt,
    ToolResources toolResources,
    Metadata metadata,
    String assistantId,
    ConversationThread.Status status,
    ConversationThread.ForkedFrom forkedFrom) {
  public static ThreadObject of(ConversationThread thread) {
    return new ThreadObject(
        thread.id().value(),
        "thread",
        thread.createdAt().getEpochSecond(),
        thread.toolResources(),
        thread.metadata(),
        thread.assistantId() == null ? null : thread.assistantId().value(),
        thread.status(),
        thread.forkedFrom());
  }
}
