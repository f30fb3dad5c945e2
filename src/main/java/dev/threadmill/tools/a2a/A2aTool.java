package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;
import java.util.ArrayList;
import java.util.List;

/** An agent elsewhere as a tool: the server asks it over A2A and waits for its answer. */
public record A2aTool(RemoteAgent agent, FunctionSpec function, ExecuteA2aTask askAgent)
    implements ServerTool {
  /** A tool for each agent elsewhere, in their order. */
  public static List<A2aTool> of(AgentRoutingSpec spec, ExecuteA2aTask askAgent) {
    var tools = new ArrayList<A2aTool>();
    for (int i = 0; spec.names() != null && i < spec.targets().size(); i++) {
      var agent = spec.targets().get(i).agent();
      if (agent != null) {
        var about = agent.description() == null ? "" : " What it is for: " + agent.description();
        tools.add(
            new A2aTool(
                agent,
                new FunctionSpec(
                    spec.names().get(i).function(),
                    "Gives a message to the agent '%s' and returns its answer. The agent reads nothing but the message."
                            .formatted(agent.name())
                        + about,
                    RoutingTool.PARAMETERS,
                    null),
                askAgent));
      }
    }
    return tools;
  }

  @Override
  public OnUnknown onUnknown() {
    return agent.onUnknown() == null ? OnUnknown.RETRY : agent.onUnknown();
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    return askAgent.ask(context, agent, onUnknown(), RoutingTool.message(arguments));
  }
}
