package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;

/** A tool that the server executes itself. */
public interface ServerTool {
  /** What the model is offered. */
  FunctionSpec function();

  /** What to do with a call that was under way when its node died. */
  OnUnknown onUnknown();

  /** Whether a person has to allow each call. */
  default boolean needsApproval() {
    return false;
  }

  /**
   * Executes a call, with as many tries as the tool allows.
   *
   * @param arguments valid by the function's schema
   * @throws InterruptedException if the run was stopped; the call may have had its effect
   */
  ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException;
}
