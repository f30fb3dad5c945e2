package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;

/**
 * An assistant that is routed to, in the form that clients of Azure AI Foundry send.
 *
 * @param id of the assistant
 * @param name for people and models; null for the assistant's own
 * @param description what it is good for; null for the assistant's own
 */
record ConnectedAgent(AssistantId id, String name, String description) {
  ConnectedAgent {
    Bounds.required("id", id);
  }

  AgentRoutingSpec.Target target() {
    return new AgentRoutingSpec.Target(id, null, null, name, description);
  }
}
