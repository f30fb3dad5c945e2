package dev.threadmill.threads;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolResources;
import java.util.List;

/**
 * A thread that is validated, with its first messages, to be created.
 *
 * @param hidden whether no list of threads shows it
 */
public record NewThread(
    ProjectId projectId,
    AssistantId assistantId,
    ToolResources toolResources,
    Metadata metadata,
    List<NewMessage> messages,
    boolean hidden) {
  public NewThread {
    messages = List.copyOf(messages);
  }

  /** A thread that lists show. */
  public NewThread(
      ProjectId projectId,
      AssistantId assistantId,
      ToolResources toolResources,
      Metadata metadata,
      List<NewMessage> messages) {
    this(projectId, assistantId, toolResources, metadata, messages, false);
  }

  /** The same, kept out of the lists of threads. */
  public NewThread asHidden() {
    return new NewThread(projectId, assistantId, toolResources, metadata, messages, true);
  }
}
