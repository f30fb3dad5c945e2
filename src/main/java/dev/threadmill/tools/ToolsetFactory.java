package dev.threadmill.tools;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.tools.a2a.A2aTool;
import dev.threadmill.tools.a2a.ExecuteA2aTask;
import dev.threadmill.tools.mcp.McpServers;
import dev.threadmill.tools.mcp.McpTool;
import dev.threadmill.tools.schema.ArgumentValidator;
import dev.threadmill.tools.webhook.CallWebhook;
import dev.threadmill.tools.webhook.WebhookTool;
import jakarta.inject.Singleton;
import java.util.List;

/** Puts together the tools of runs. */
@Singleton
public class ToolsetFactory {
  private final ArgumentValidator schemas;
  private final CallWebhook webhooks;
  private final McpServers mcpServers;
  private final ExecuteA2aTask askAgent;

  ToolsetFactory(
      ArgumentValidator schemas,
      CallWebhook webhooks,
      McpServers mcpServers,
      ExecuteA2aTask askAgent) {
    this.schemas = schemas;
    this.webhooks = webhooks;
    this.mcpServers = mcpServers;
    this.askAgent = askAgent;
  }

  /** A toolbox without any tools. */
  public Toolset empty() {
    return new Toolset(schemas);
  }

  /**
   * The toolbox of a run with these tools. Where names are given twice the first counts.
   *
   * @param domains what the tools may reach
   * @throws ToolsUnavailableException if an MCP server does not tell its tools
   */
  public Toolset create(ProjectId project, List<ToolSpec> tools, AllowedDomains domains)
      throws ToolsUnavailableException, InterruptedException {
    for (var tool : tools) {
      if (tool instanceof ToolSpec.Mcp(var mcp)) {
        hearOf(project, mcp, domains);
      }
    }
    return fromCache(project, tools);
  }

  /** The toolbox as far as it can be told without asking anybody. */
  public Toolset fromCache(ProjectId project, List<ToolSpec> tools) {
    var box = new Toolset(schemas);
    for (var tool : tools) {
      switch (tool) {
        case ToolSpec.Function(var function) -> box.add(function);
        case ToolSpec.Webhook(var webhook) -> box.add(new WebhookTool(webhook, webhooks));
        case ToolSpec.Mcp(var mcp) ->
            mcpServers.cachedTools(project, mcp).stream()
                .filter(offered -> mcp.allows(offered.name()))
                .forEach(offered -> box.add(McpTool.of(mcp, offered, mcpServers)));
        case ToolSpec.AgentRouting(var routing) -> {
          RoutingTool.of(routing).forEach(box::add);
          A2aTool.of(routing, askAgent).forEach(box::add);
        }
        case ToolSpec.CodeInterpreter _, ToolSpec.FileSearch _ -> {
          // Not offered to the model while the server cannot execute it.
        }
      }
    }
    return box;
  }

  private void hearOf(ProjectId project, McpSpec spec, AllowedDomains domains)
      throws ToolsUnavailableException, InterruptedException {
    try {
      mcpServers.tools(project, spec, domains);
    } catch (ToolException e) {
      throw new ToolsUnavailableException(
          "The MCP server '%s' does not tell its tools: %s"
              .formatted(spec.serverLabel(), e.getMessage()));
    }
  }
}
