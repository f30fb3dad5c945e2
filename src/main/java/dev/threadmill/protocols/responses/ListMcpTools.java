package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.projects.Residency;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.tools.mcp.McpTools;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jboss.logging.Logger;

/** Shows the tools of the MCP servers of a request, each server once in a chain. */
@ApplicationScoped
class ListMcpTools {
  private static final Logger LOG = Logger.getLogger(ListMcpTools.class);

  private final McpTools mcpTools;
  private final ToolSecrets secrets;
  private final Assistants assistants;
  private final Residency residency;
  private final Ids ids;

  ListMcpTools(
      McpTools mcpTools, ToolSecrets secrets, Assistants assistants, Residency residency, Ids ids) {
    this.mcpTools = mcpTools;
    this.secrets = secrets;
    this.assistants = assistants;
    this.residency = residency;
    this.ids = ids;
  }

  /**
   * Adds an item for each server that was not shown before.
   *
   * @param listed the labels of those that were; takes the others
   */
  void add(ProjectId project, ResponseRequest request, Set<String> listed, ArrayNode items)
      throws InterruptedException {
    var reachable = residency.restrict(project, allowedDomains(project, request));
    Map<String, Future<McpTools.Listing>> asked = new LinkedHashMap<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // All of them, so that an error names the index that the tool has in the list.
      for (var tool : secrets.sealAll(project, request.tools().specs(), List.of())) {
        if (tool instanceof ToolSpec.Mcp mcp && listed.add(mcp.mcp().serverLabel())) {
          asked.put(
              mcp.mcp().serverLabel(),
              threads.submit(() -> mcpTools.list(project, mcp.mcp(), reachable)));
        }
      }
    }
    for (var each : asked.entrySet()) {
      items.add(item(each.getKey(), each.getValue()));
    }
  }

  /** The hosts that the run of the response may reach. */
  private AllowedDomains allowedDomains(ProjectId project, ResponseRequest request) {
    var safety =
        request.assistant() == null ? null : assistants.get(project, request.assistant()).safety();
    return safety == null ? AllowedDomains.ANY : new AllowedDomains(safety.allowedDomains());
  }

  private ObjectNode item(String label, Future<McpTools.Listing> future)
      throws InterruptedException {
    var item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ids.next("mcpl_"))
            .put("type", "mcp_list_tools")
            .put("server_label", label);
    var tools = item.putArray("tools");
    try {
      var listing = future.get();
      for (var tool : listing.tools()) {
        var shown = tools.addObject().put("name", tool.name());
        shown.put("description", tool.description());
        shown.set("input_schema", tool.parameters());
        shown.putObject("annotations").put("read_only", tool.onlyReads());
      }
      return item.put("error", listing.error());
    } catch (ExecutionException e) {
      LOG.warnf(e.getCause(), "tools of an MCP server were not listed server_label=%s", label);
      return item.put("error", "The tools of the server were not listed.");
    }
  }
}
