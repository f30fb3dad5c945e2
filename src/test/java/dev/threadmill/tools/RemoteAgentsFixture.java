package dev.threadmill.tools;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import org.junit.jupiter.api.BeforeEach;

/** An assistant that routes messages to a remote agent over A2A. */
abstract class RemoteAgentsFixture {
  static final String CARD = "/.well-known/agent-card.json";
  static final String DONE =
      "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"task\": {\"id\": \"t\", \"status\": {\"state\":"
          + " \"TASK_STATE_COMPLETED\"}, \"artifacts\": [{\"artifactId\": \"a\", \"parts\": [{\"text\":"
          + " \"Sunny.\"}]}]}}}";

  final ApiClient api = ApiClient.user();
  final ToolRuns runs = new ToolRuns(api);

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    provider.reply(
        Reply.call("route_to_weather_man", "{\"message\": \"Rome?\"}"), Reply.text("Done."));
  }

  /** An agent of version 1.0 that answers all requests in this way. */
  static RecordingServer agent(RecordingServer.Handler rpc) {
    return agent("", rpc);
  }

  /** The same with a card that says it streams. */
  static RecordingServer streamingAgent(RecordingServer.Handler rpc) {
    return agent("\"capabilities\": {\"streaming\": true}, ", rpc);
  }

  private static RecordingServer agent(String capabilities, RecordingServer.Handler rpc) {
    var receiver = RecordingServer.start();
    var card = card(receiver.url("/rpc")).replace("{\"name\"", "{" + capabilities + "\"name\"");
    return receiver.on(CARD, RecordingServer.json(200, card)).on("/rpc", rpc);
  }

  static String card(String url) {
    return "{\"name\": \"x\", \"supportedInterfaces\": [{\"url\": \"http://x/\", \"protocolBinding\":"
        + " \"GRPC\", \"protocolVersion\": \"1.0\"}, {\"url\": \"%s\", \"protocolBinding\":"
            .formatted(url)
        + " \"JSONRPC\", \"protocolVersion\": \"1.0\"}]}";
  }

  String assistant(String url, String more) {
    return runs.assistant("gpt-4o", "", tool(url, more));
  }

  static String tool(String url, String more) {
    return "{\"type\": \"agent_routing\", \"agent_routing\": {\"targets\": [{\"type\": \"a2a\", \"url\":"
        + " \"%s\", \"name\": \"Weather Man\", \"description\": \"Knows the weather\"%s}]}}"
            .formatted(url, more);
  }
}
