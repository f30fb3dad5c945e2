package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;

/**
 * An assistant that is exposed under other protocols, as their clients see it.
 *
 * @param name null if it has none
 * @param description null if it has none
 */
public record ExposedAssistant(String id, String name, String description) {
  /** The id. */
  public AssistantId assistantId() {
    return new AssistantId(id);
  }

  /** The name of its function: its own name in snake case, or its id. */
  public String toolName() {
    return ToolName.of(name, id);
  }
}
