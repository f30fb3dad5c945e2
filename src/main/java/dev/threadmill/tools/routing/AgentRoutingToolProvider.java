package dev.threadmill.tools.routing;

import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.assistants.AgentRoutingSpec.Target;
import dev.threadmill.assistants.AgentRoutingSpec.TargetName;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.RoutingTool;
import dev.threadmill.tools.Tool;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import dev.threadmill.tools.a2a.A2aTools;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;

/** Other assistants, and agents of other servers, each as a function that takes a message. */
@Singleton
class AgentRoutingToolProvider implements ToolProvider<ToolSpec.AgentRouting> {
  private final A2aTools a2aTools;

  AgentRoutingToolProvider(A2aTools a2aTools) {
    this.a2aTools = a2aTools;
  }

  @Override
  public Class<ToolSpec.AgentRouting> spec() {
    return ToolSpec.AgentRouting.class;
  }

  /** Targets that were never looked up have no name and no tool. */
  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.AgentRouting spec) {
    var routing = spec.agentRouting();
    if (routing.names() == null) {
      return ToolOffer.of(List.of());
    }
    var tools = new ArrayList<Tool>();
    for (int i = 0; i < routing.targets().size(); i++) {
      var target = routing.targets().get(i);
      var names = routing.names().get(i);
      tools.add(
          target.isRemote()
              ? a2aTools.of(target.agent(), names.function())
              : route(routing, target, names));
    }
    return ToolOffer.of(tools);
  }

  @Override
  public boolean offers(ToolSpec.AgentRouting spec, String functionName) {
    return spec.agentRouting().hasFunction(functionName);
  }

  private static RoutingTool route(AgentRoutingSpec routing, Target target, TargetName names) {
    var name = names.name() == null ? target.assistantId().value() : names.name();
    return new RoutingTool(
        new FunctionSpec(
            names.function(),
            description(routing.mode(), name, names.description()),
            RoutingTool.parameters(),
            null),
        target,
        routing.mode(),
        routing.continuesThreads(),
        name);
  }

  private static String description(AgentRoutingSpec.Mode mode, String name, String about) {
    var does =
        switch (mode) {
          case DELEGATE -> "Gives a message to the assistant '%s' and returns its answer.";
          case HANDOFF ->
              "Hands the conversation over to the assistant '%s', which answers the user from then"
                  + " on. Call it alone.";
        };
    return (does + " The assistant reads nothing but the message.").formatted(name)
        + (about == null ? "" : " What it is for: " + about);
  }
}
