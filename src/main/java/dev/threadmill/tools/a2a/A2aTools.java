package dev.threadmill.tools.a2a;

import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.ServerTool;
import jakarta.inject.Singleton;

/** Makes tools of agents of other servers that speak A2A. */
@Singleton
public class A2aTools {
  private final ExecuteA2aTask executeTask;

  A2aTools(ExecuteA2aTask executeTask) {
    this.executeTask = executeTask;
  }

  /** The agent as a tool whose function has this name. */
  public ServerTool of(RemoteAgent agent, String function) {
    var about = agent.description() == null ? "" : " What it is for: " + agent.description();
    return new A2aTool(
        agent,
        new FunctionSpec(
            function,
            "Gives a message to the agent '%s' and returns its answer. The agent reads nothing but the message."
                    .formatted(agent.name())
                + about,
            RoutingTool.parameters(),
            null),
        executeTask);
  }
}
