package dev.threadmill.tools;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.QuirkyMcpServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An assistant with the tools of an MCP server that does not keep to the protocol. */
abstract class McpQuirksFixture {
  static final Reply.Call ECHO = new Reply.Call("a", "docs_echo", "{\"text\": \"hello\"}");

  final ApiClient api = ApiClient.user();
  final ToolRuns runs = new ToolRuns(api);
  final QuirkyMcpServer server = new QuirkyMcpServer();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  ToolRuns.Stopped run() {
    return runs.run(assistant(server.url()), "Go");
  }

  static List<String> warnings(ToolRuns.Stopped run) {
    var warnings = new ArrayList<String>();
    for (JsonNode warning : run.steps().getFirst().path("warnings")) {
      warnings.add(warning.asText());
    }
    return warnings;
  }

  String assistant(String url) {
    return runs.assistant(
        "gpt-4o",
        "",
        """
        {"type": "mcp", "mcp": {"server_label": "docs", "server_url": "%s",
         "require_approval": "never"}}"""
            .formatted(url));
  }
}
