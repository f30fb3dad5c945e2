package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.egress.AllowedDomains;
import jakarta.inject.Singleton;
import java.util.List;

/** What MCP servers offer, for clients that want to see it. */
@Singleton
public class McpTools {
  private final McpServers servers;

  McpTools(McpServers servers) {
    this.servers = servers;
  }

  /**
   * A tool that a specification allows.
   *
   * @param name as the server has it
   * @param description null for none
   * @param parameters a JSON Schema
   * @param onlyReads whether the tool says that it changes nothing
   */
  public record AllowedTool(
      String name, String description, JsonNode parameters, boolean onlyReads) {}

  /**
   * The tools of a server.
   *
   * @param error why there are none; null if there are, or the server has none
   */
  public record Listing(List<AllowedTool> tools, String error) {}

  /** The tools of a server that a run would be offered, perhaps from a few minutes ago. */
  public Listing list(ProjectId project, McpSpec spec, AllowedDomains domains)
      throws InterruptedException {
    var offered = servers.tools(project, spec, domains);
    var tools =
        offered.tools().stream()
            .filter(tool -> spec.allows(tool.name(), tool.onlyReads()))
            .map(
                tool ->
                    new AllowedTool(
                        tool.name(), tool.description(), tool.parameters(), tool.onlyReads()))
            .toList();
    return new Listing(
        tools,
        offered.tools().isEmpty() && !offered.warnings().isEmpty()
            ? String.join("; ", offered.warnings())
            : null);
  }
}
