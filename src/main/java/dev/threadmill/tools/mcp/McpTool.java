package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ServerTool;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/** A tool of an MCP server. */
record McpTool(
    McpSpec spec, ToolListing.ListedTool listed, FunctionSpec function, McpServers servers)
    implements ServerTool {
  @Override
  public OnUnknown onUnknown() {
    return listed.isRepeatable() ? OnUnknown.RETRY : OnUnknown.FAIL;
  }

  @Override
  public boolean needsApproval() {
    return spec.needsApproval(listed.name());
  }

  @Override
  public ToolResult execute(ToolContext context, JsonNode arguments) throws InterruptedException {
    try {
      var names = List.of(function.name(), listed.name(), spec.serverLabel(), McpServers.TYPE);
      return servers.call(context, spec, listed.name(), arguments, names);
    } catch (ToolException e) {
      return new ToolResult.Failed(e.error());
    }
  }
}
