package dev.threadmill.crash;

import static dev.threadmill.crash.ProtocolCluster.OUTPUT;
import static dev.threadmill.crash.ProtocolCluster.PATIENCE;
import static dev.threadmill.crash.ProtocolCluster.model;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A run on the first node whose webhook has sent half of its response, which the other node has
 * streamed.
 */
final class InterruptedWebhook implements AutoCloseable {
  final String policy;
  final RecordingServer receiver = RecordingServer.start();
  final CountDownLatch over = new CountDownLatch(1);
  final JsonNode run;
  final BackgroundStream stream;

  InterruptedWebhook(ProtocolCluster cluster, String policy, String secondAnswer) {
    this.policy = policy;
    var tries = new AtomicInteger();
    receiver.on(
        "/work",
        (exchange, _) -> {
          boolean first = tries.getAndIncrement() == 0;
          exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
          exchange.sendResponseHeaders(200, 0);
          var answer = first ? "one\ntwo\n" : secondAnswer;
          exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          if (first) {
            hang(over);
          }
        });
    var model = model();
    cluster.provider().replyTo(model, Reply.call("work", "{}"), Reply.text("Done."));
    var runs = new ToolRuns(cluster.api(0));
    run =
        runs.start(
            runs.assistant(
                model,
                "",
                """
                {"type": "webhook", "webhook": {"name": "work", "endpoint": "%s",
                 "timeout_ms": 100000, "on_unknown": "%s"}}"""
                    .formatted(receiver.url("/work"), policy)),
            "Go");
    stream = cluster.stream(run);
  }

  void awaitMiddle() {
    await().atMost(PATIENCE).until(() -> stream.stepDeltas(OUTPUT).equals("one\ntwo\n"));
  }

  @Override
  public void close() {
    over.countDown();
    stream.close();
    receiver.close();
  }

  private static void hang(CountDownLatch until) {
    try {
      until.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
