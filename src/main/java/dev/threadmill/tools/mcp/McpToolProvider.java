package dev.threadmill.tools.mcp;

import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.Tool;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import dev.threadmill.tools.mcp.ToolListing.ListedTool;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The tools of MCP servers. Each is offered under the server's label and its own name. */
@Singleton
class McpToolProvider implements ToolProvider<ToolSpec.Mcp> {
  private static final int MAX_NAME = 64;

  private final McpServers servers;

  McpToolProvider(McpServers servers) {
    this.servers = servers;
  }

  @Override
  public Class<ToolSpec.Mcp> spec() {
    return ToolSpec.Mcp.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.Mcp spec) throws InterruptedException {
    var mcp = spec.mcp();
    var offered =
        scope.isCacheOnly()
            ? servers.cachedTools(scope.project(), mcp)
            : servers.tools(scope.project(), mcp, scope.domains());
    var usedNames = new HashSet<>(scope.reservedNames());
    var tools = new ArrayList<Tool>();
    for (var tool : offered.tools()) {
      // A tool has the same name whether or not others are allowed.
      var name = uniqueName(mcp.serverLabel() + "_" + tool.name(), usedNames);
      if (mcp.allows(tool.name(), tool.onlyReads())) {
        var function = new FunctionSpec(name, description(mcp, tool), tool.parameters(), null);
        tools.add(new McpTool(mcp, tool, function, servers));
      }
    }
    return new ToolOffer(tools, warnings(mcp, offered));
  }

  /** What the tool is for, and what its server is for; null if neither is said. */
  private static String description(McpSpec mcp, ListedTool tool) {
    if (mcp.serverDescription() == null) {
      return tool.description();
    }
    var server = "Tool of %s: %s".formatted(mcp.serverLabel(), mcp.serverDescription());
    return tool.description() == null ? server : tool.description() + "\n\n" + server;
  }

  /** The names of a server's tools are not known before it is asked. */
  @Override
  public boolean offers(ToolSpec.Mcp spec, String functionName) {
    return functionName.startsWith(spec.mcp().serverLabel() + "_");
  }

  private static List<String> warnings(McpSpec mcp, McpServers.ServerTools offered) {
    var warnings =
        offered.warnings().stream()
            .map(text -> "MCP server '%s': %s".formatted(mcp.serverLabel(), text))
            .collect(Collectors.toCollection(ArrayList::new));
    if (mcp.allowedTools() != null && !offered.tools().isEmpty()) {
      var names = offered.tools().stream().map(ListedTool::name).collect(Collectors.toSet());
      var unknown = mcp.allowedTools().stream().filter(name -> !names.contains(name)).toList();
      if (!unknown.isEmpty()) {
        warnings.add(
            "MCP server '%s': 'allowed_tools' names tools that it does not have: %s"
                .formatted(mcp.serverLabel(), String.join(", ", unknown)));
      }
    }
    return warnings;
  }

  /** The name with what function names cannot hold replaced, numbered if it is in use. */
  private static String uniqueName(String name, Set<String> usedNames) {
    var clean = name.replaceAll("[^a-zA-Z0-9_-]", "_");
    var unique = clean.substring(0, Math.min(MAX_NAME, clean.length()));
    for (int n = 2; !usedNames.add(unique); n++) {
      var suffix = "_" + n;
      unique = clean.substring(0, Math.min(MAX_NAME - suffix.length(), clean.length())) + suffix;
    }
    return unique;
  }
}
