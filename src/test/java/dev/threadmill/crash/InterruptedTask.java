package dev.threadmill.crash;

import static dev.threadmill.crash.ProtocolCluster.model;
import static dev.threadmill.crash.ProtocolCluster.piece;
import static dev.threadmill.crash.ProtocolCluster.request;
import static dev.threadmill.crash.ProtocolCluster.userMessage;

import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;

/** A task that the first node accepted and streamed half of. */
final class InterruptedTask {
  final String agent;
  final String message = userMessage();
  final SseStream sent;
  final String task;
  String seen;

  InterruptedTask(ProtocolCluster cluster) {
    var model = model();
    agent = cluster.agent(model);
    cluster
        .provider()
        .replyTo(model, Reply.text("one two three").hangAfter(3), Reply.text("All of it."));
    sent = cluster.a2a(0).stream(agent, request("SendStreamingMessage", message));
    task = sent.next().json().at("/result/task/id").asText();
  }

  String id() {
    return "{\"id\": \"" + task + "\"}";
  }

  void awaitMiddle() {
    var frame = sent.next();
    while (!piece(frame).equals("two ")) {
      frame = sent.next();
    }
    seen = frame.id();
  }
}
