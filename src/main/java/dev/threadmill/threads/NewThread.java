package dev.threadmill.threads;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolResources;
import java.util.List;

/** A thread that is validated, with its first messages, to be created. */
public record NewThread(
    ProjectId projectId,
    AssistantId assistantId,
    ToolResources toolResources,
    Metadata metadata,
    List<NewMessage> messages) {
  public NewThread {
    messages = List.copyOf(messages);
  }
}
