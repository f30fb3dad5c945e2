package dev.threadmill.crash;

import static dev.threadmill.crash.ProtocolCluster.OUTPUT;
import static dev.threadmill.crash.ProtocolCluster.PATIENCE;
import static dev.threadmill.crash.ProtocolCluster.model;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.A2aTestAgent;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;

/** A run on the first node whose remote agent has sent a part. */
final class InterruptedAgent implements AutoCloseable {
  final A2aTestAgent peer = A2aTestAgent.streaming();
  final JsonNode run;
  final BackgroundStream stream;

  InterruptedAgent(ProtocolCluster cluster, String policy) {
    var model = model();
    cluster
        .provider()
        .replyTo(
            model, Reply.call("route_to_peer", "{\"message\": \"Rome?\"}"), Reply.text("Done."));
    var runs = new ToolRuns(cluster.api(0));
    run =
        runs.start(
            runs.assistant(
                model,
                "",
                """
                {"type": "agent_routing", "agent_routing": {"targets": [{"type": "a2a",
                 "url": "%s", "name": "Peer", "on_unknown": "%s"}]}}"""
                    .formatted(peer.url(), policy)),
            "Go");
    stream = cluster.stream(run);
  }

  void awaitMiddle() {
    await().atMost(PATIENCE).until(() -> peer.messages().size() == 1);
    peer.say("Sun");
    await().atMost(PATIENCE).until(() -> stream.stepDeltas(OUTPUT).equals("Sun"));
  }

  @Override
  public void close() {
    stream.close();
    peer.close();
  }
}
