package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;

/**
 * An assistant as others see it who may call it.
 *
 * @param name null if it has none
 * @param description null if it has none
 */
public record ExposedAssistant(String id, String name, String description) {
  /** Its id as a type of its own. */
  public AssistantId assistantId() {
    return new AssistantId(id);
  }

  /** A name that models can call it by: its own in snake case, or its id. */
  public String toolName() {
    return ToolName.of(name, id);
  }
}
