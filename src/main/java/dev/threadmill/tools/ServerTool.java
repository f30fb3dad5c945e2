package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;

/** A tool that the server executes itself. */
public non-sealed interface ServerTool extends Tool {
  /** What to do with a call of which it is unknown whether it took effect. */
  OnUnknown onUnknown();

  /** Whether a person has to allow each call. */
  default boolean needsApproval() {
    return false;
  }

  /**
   * Executes a call, with as many tries as the tool allows.
   *
   * @param arguments validated against the schema of the function
   * @throws InterruptedException if the run was stopped; the call may have taken effect
   */
  ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException;
}
