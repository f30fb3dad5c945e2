package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;

/** An agent of another server as a tool: the server sends it the message and waits for the task. */
record A2aTool(RemoteAgent agent, FunctionSpec function, ExecuteA2aTask executeTask)
    implements ServerTool {
  @Override
  public OnUnknown onUnknown() {
    return agent.onUnknown() == null ? OnUnknown.RETRY : agent.onUnknown();
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    return executeTask.execute(
        context, agent, onUnknown(), RoutingTool.message(arguments), function.name());
  }
}
