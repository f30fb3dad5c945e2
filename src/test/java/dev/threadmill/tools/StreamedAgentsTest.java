package dev.threadmill.tools;

import static dev.threadmill.testing.SseStream.stepDeltas;
import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.A2aTestAgent;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.a2a.spec.TaskState;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Agents elsewhere that tell of a task while they work on it. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class StreamedAgentsTest extends RemoteAgentsFixture {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String OUTPUT = "/delta/step_details/tool_calls/0/function/output";
  private static final String TASK = "/delta/step_details/tool_calls/0/function/task_id";

  @Test
  void theOutputIsStreamedAndResumedWhereTheStreamBreaks() {
    try (var peer = A2aTestAgent.streaming()) {
      var run = runs.start(assistant(peer.url(), ""), "Go");
      var frames = new ArrayList<SseStream.Frame>();
      try (var stream = api.events(path(run) + "/events")) {
        await().atMost(PATIENCE).until(() -> peer.messages().size() == 1);
        peer.say("Sun");
        readUntil(stream, frames, "Sun");
        peer.cut();
        peer.say("ny. ");
        readUntil(stream, frames, "Sunny. ");
        peer.say("Warm.");
        readUntil(stream, frames, "Sunny. Warm.");
        peer.finish();
        frames.addAll(stream.rest());
      }

      var ended = runs.stopped(run);
      assertThat(ended.status()).isEqualTo("completed");
      assertThat(ended.output(0)).isEqualTo("Sunny. Warm.");
      assertThat(stepDeltas(frames, OUTPUT)).isEqualTo("Sunny. Warm.");
      assertThat(peer.methods()).startsWith("message/stream").contains("tasks/resubscribe");
      assertThat(peer.messages()).hasSize(1);
      assertThat(stepDeltas(frames, TASK)).isEqualTo(peer.messages().getFirst().getMessageId());
      assertThat(ended.calls().getFirst().at("/function/task_id").asText())
          .isEqualTo(stepDeltas(frames, TASK));
      for (int i = 0; i < frames.size() - 1; i++) {
        var both = new ArrayList<>(frames.subList(0, i + 1));
        both.addAll(all(run, frames.get(i).id()));
        assertThat(stepDeltas(both, OUTPUT))
            .as("after %s", frames.get(i).id())
            .isEqualTo("Sunny. Warm.");
        assertThat(stepDeltas(both, TASK)).isEqualTo(stepDeltas(frames, TASK));
      }
    }
  }

  @Test
  void cancellingTheRunLeavesTheStreamAndCancelsTheTask() {
    try (var peer = A2aTestAgent.streaming()) {
      var run = runs.start(assistant(peer.url(), ""), "Go");
      await().atMost(PATIENCE).until(() -> peer.messages().size() == 1);
      peer.say("Sun");
      try (var stream = api.events(path(run) + "/events")) {
        readUntil(stream, new ArrayList<>(), "Sun");
      }

      api.post(path(run) + "/cancel", null);

      assertThat(runs.stopped(run).status()).isEqualTo("cancelled");
      await().atMost(PATIENCE).until(() -> peer.state() == TaskState.CANCELED);
    }
  }

  @Test
  void theTaskOfASilentStreamIsCancelled() {
    try (var peer = A2aTestAgent.streaming()) {
      var run = runs.run(assistant(peer.url(), ", \"timeout_ms\": 1500"), "Go");

      assertThat(run.output(0)).contains("agent_timeout");
      assertThat(peer.state()).isEqualTo(TaskState.CANCELED);
    }
  }

  @Test
  void anAgentThatDoesNotStreamDespiteItsCardIsPolled() {
    try (var receiver =
        streamingAgent(
            (exchange, call) ->
                RecordingServer.reply(
                    exchange,
                    200,
                    "application/json",
                    call.body().contains("Streaming")
                        ? "{\"jsonrpc\": \"2.0\", \"id\": 1, \"error\": {\"code\": -32601, \"message\": \"x\"}}"
                        : "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": "
                            + task("COMPLETED", "Sunny.")
                            + "}"))) {
      var run = runs.run(assistant(receiver.url(""), ", \"on_unknown\": \"fail\""), "Go");

      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(receiver.calls()).hasSize(3);
    }
  }

  @Test
  void outputMissedBetweenTwoStreamsIsRequested() {
    var looks = new AtomicInteger();
    try (var receiver =
        streamingAgent(
            (exchange, call) -> {
              if (call.body().contains("SendStreamingMessage")) {
                events(exchange, task("WORKING", null), piece("One ", false));
              } else if (call.body().contains("SubscribeToTask")) {
                events(exchange, piece("three", true), status("COMPLETED"));
              } else {
                var now =
                    looks.incrementAndGet() == 1
                        ? task("WORKING", null)
                        : task("COMPLETED", "One two three");
                RecordingServer.reply(
                    exchange,
                    200,
                    "application/json",
                    "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": " + now + "}");
              }
            })) {
      var run = runs.start(assistant(receiver.url(""), ""), "Go");

      assertThat(runs.stopped(run).output(0)).isEqualTo("One two three");
      assertThat(stepDeltas(all(run, null), OUTPUT)).isEqualTo("One two three");
    }
  }

  @Test
  void statusMessagesAreProgressAndASingleMessageIsTheOutput() {
    try (var receiver =
        streamingAgent(
            (exchange, _) ->
                events(
                    exchange,
                    task("WORKING", null),
                    status(
                        "WORKING\", \"message\": {\"parts\": [{\"text\": \"Looking.\"}]}, \"x\": \"y"),
                    piece("Sunny.", false),
                    status("COMPLETED")))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.output(0)).isEqualTo("Sunny.");
      assertThat(run.calls().getFirst().at("/function/progress").asText()).isEqualTo("Looking.\n");
    }
    provider.reply(
        Reply.call("route_to_weather_man", "{\"message\": \"Rome?\"}"), Reply.text("Done."));
    try (var receiver =
        streamingAgent(
            (exchange, _) ->
                events(exchange, "{\"message\": {\"parts\": [{\"text\": \"Just so.\"}]}}"))) {
      assertThat(runs.run(assistant(receiver.url(""), ""), "Go").output(0)).isEqualTo("Just so.");
      assertThat(receiver.calls()).hasSize(2);
    }
  }

  @Test
  void anEndlessStreamIsCutAndItsTaskCancelled() {
    var pieces = new ArrayList<String>(List.of(task("WORKING", null)));
    for (int i = 0; i < 40; i++) {
      pieces.add(piece("x".repeat(10_000), i > 0));
    }
    try (var receiver =
        streamingAgent((exchange, _) -> events(exchange, pieces.toArray(String[]::new)))) {
      var run = runs.run(assistant(receiver.url(""), ""), "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.output(0)).contains("answer_unusable").hasSizeLessThan(300_000);
      await()
          .atMost(PATIENCE)
          .until(() -> receiver.calls().getLast().body().contains("CancelTask"));
    }
  }

  /** Reads until the output streamed so far is this text. */
  private static void readUntil(SseStream stream, List<SseStream.Frame> frames, String whole) {
    while (!stepDeltas(frames, OUTPUT).equals(whole)) {
      frames.add(stream.next());
    }
  }

  private List<SseStream.Frame> all(JsonNode run, String lastEventId) {
    var caller = lastEventId == null ? api : api.with("Last-Event-ID", lastEventId);
    try (var stream = caller.events(path(run) + "/events")) {
      return stream.rest();
    }
  }

  private static String task(String state, String text) {
    return "{\"task\": {\"id\": \"t\", \"status\": {\"state\": \"TASK_STATE_"
        + state
        + "\"}"
        + (text == null
            ? ""
            : ", \"artifacts\": [{\"artifactId\": \"a\", \"parts\": [{\"text\": \""
                + text
                + "\"}]}]")
        + "}}";
  }

  private static String piece(String text, boolean isMore) {
    return """
        {"artifactUpdate": {"taskId": "t", "append": %s, "artifact":\
         {"artifactId": "a", "parts": [{"text": "%s"}]}}}"""
        .formatted(isMore, text);
  }

  private static String status(String state) {
    return "{\"statusUpdate\": {\"taskId\": \"t\", \"status\": {\"state\": \"TASK_STATE_"
        + state
        + "\"}}}";
  }

  private static void events(com.sun.net.httpserver.HttpExchange exchange, String... results)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    for (var result : results) {
      var event = "data: {\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": " + result + "}\n\n";
      exchange.getResponseBody().write(event.getBytes(StandardCharsets.UTF_8));
    }
  }
}
