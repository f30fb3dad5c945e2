package dev.threadmill.crash;

import static dev.threadmill.crash.ProtocolCluster.PATIENCE;
import static dev.threadmill.crash.ProtocolCluster.model;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Reply;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A call of an assistant over MCP, on the first node, whose model does not answer. */
final class InterruptedMcpCall {
  private final ProtocolCluster cluster;
  private final String model = model();
  final String body;
  final CompletableFuture<JsonNode> answer;

  InterruptedMcpCall(ProtocolCluster cluster) {
    this.cluster = cluster;
    cluster
        .api(0)
        .post(
            "/v1/assistants",
            "{\"model\": \"%s\", \"name\": \"%s\", \"exposure\": {\"mcp\": true}}"
                .formatted(model, model));
    cluster.provider().replyTo(model, Reply.hang(), Reply.text("At last."));
    body =
        """
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
          "name": "%s", "arguments": {"message": "Hi"},
          "_meta": {"threadmill/idempotency-key": "%s"}}}"""
            .formatted(model.replace('-', '_'), UUID.randomUUID());
    answer = CompletableFuture.supplyAsync(() -> cluster.mcp(0, body));
  }

  void awaitMiddle() {
    await()
        .atMost(PATIENCE)
        .until(() -> cluster.provider().requests().stream().anyMatch(r -> r.model().equals(model)));
  }
}
