package dev.threadmill.crash;

import static dev.threadmill.testing.ToolRuns.path;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.SseStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Two nodes, of which the first is killed, and requests to them over A2A and MCP. */
final class ProtocolCluster implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  static final String OUTPUT = "/delta/step_details/tool_calls/0/function/output";

  final Cluster nodes =
      Cluster.of(2)
          .with("THREADMILL_LEASE", "3s")
          .with("THREADMILL_SECRET_KEY", "0123456789abcdef0123456789abcdef")
          .with("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32")
          .withoutIndexing();

  ProtocolCluster() {
    nodes.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
  }

  /** Starts the nodes that are not running. */
  void start() {
    nodes.start();
  }

  ApiClient api(int node) {
    return nodes.api(nodes.node(node));
  }

  ApiClient a2a(int node) {
    return api(node).with("A2A-Version", "1.0");
  }

  FakeProvider provider() {
    return nodes.provider();
  }

  static String model() {
    return "m-" + UUID.randomUUID();
  }

  /** The path of a new agent. */
  String agent(String model) {
    return "/v1/a2a/"
        + api(1)
            .post(
                "/v1/assistants",
                "{\"model\": \"%s\", \"exposure\": {\"a2a\": true}}".formatted(model))
            .id();
  }

  JsonNode call(int node, String agent, String method, String params) {
    return a2a(node).post(agent, request(method, params)).json();
  }

  static String request(String method, String params) {
    return "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\", \"params\": %s}"
        .formatted(method, params);
  }

  static String userMessage() {
    return """
        {"message": {"messageId": "%s", "role": "ROLE_USER", "parts": [{"text": "Count"}]}}"""
        .formatted(UUID.randomUUID());
  }

  /** The last message of the response. */
  JsonNode mcp(int node, String body) {
    try (var stream =
        api(node).with("Accept", "application/json, text/event-stream").stream("/v1/mcp", body)) {
      return stream.rest().getLast().json();
    }
  }

  static String piece(SseStream.Frame frame) {
    return frame.json().at("/result/artifactUpdate/artifact/parts/0/text").asText();
  }

  static String state(SseStream.Frame frame) {
    return frame.json().at("/result/statusUpdate/status/state").asText();
  }

  /** The events of a run, read from the second node. */
  BackgroundStream stream(JsonNode run) {
    return BackgroundStream.open(nodes.node(1).url() + path(run) + "/events", nodes.apiKey(), null);
  }

  List<SseStream.Frame> allEvents(JsonNode run) {
    try (var stream = api(1).events(path(run) + "/events")) {
      return new ArrayList<>(stream.rest());
    }
  }

  @Override
  public void close() {
    nodes.close();
  }
}
