package dev.threadmill.tools;

import static dev.threadmill.testing.SseStream.stepDeltas;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SdkMcpServer;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tools whose answers come bit by bit. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class StreamedToolsTest {
  private static final String FUNCTION = "/delta/step_details/tool_calls/0/function/";
  private static final String OUTPUT = FUNCTION + "output";
  private static final String PROGRESS = FUNCTION + "progress";
  private static final CountDownLatch NOTHING = new CountDownLatch(0);

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final RecordingServer receiver = RecordingServer.start();
  private final CountDownLatch seen = new CountDownLatch(1);
  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    provider.reply(Reply.call("work", "{}"), Reply.text("Done."));
  }

  @AfterEach
  void stop() {
    seen.countDown();
    receiver.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          text/plain           | one ☔\\n        | two      | one ☔\\ntwo
          application/x-ndjson | {"n": 1}\\n      | {"n": 2} | {"n": 1}\\n{"n": 2}
          text/event-stream    | data: one\\n\\n  | event: x\\ndata: two\\n\\ndata: [DONE]\\n\\n | one\\ntwo
          """)
  void anOutputIsStreamedWhileItArrives(String type, String first, String rest, String whole) {
    // Given
    receiver.on(
        "/work",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", type);
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(bytes(first));
          exchange.getResponseBody().flush();
          await(seen);
          exchange.getResponseBody().write(bytes(rest));
        });

    // When
    var run = runs.start(assistant(""), "Go");
    var frames = readAlong(run);

    // Then
    var ended = runs.stopped(run);
    assertThat(ended.output(0)).isEqualTo(text(whole));
    assertThat(stepDeltas(frames, OUTPUT)).isEqualTo(text(whole));
    assertThat(frames)
        .filteredOn(frame -> !stepDeltas(List.of(frame), OUTPUT).isEmpty())
        .hasSizeGreaterThan(1);
    assertThat(stepDeltas(all(run, null), OUTPUT)).isEqualTo(text(whole));
    for (int i = 0; i < frames.size() - 1; i++) {
      var both = new ArrayList<>(frames.subList(0, i + 1));
      both.addAll(all(run, frames.get(i).id()));
      assertThat(stepDeltas(both, OUTPUT))
          .as("after %s", frames.get(i).id())
          .isEqualTo(text(whole));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          one\\ntwo\\n | one\\ntwo\\n
          two\\n       | one\\n\\n[The output was interrupted, and the call was repeated.]\\ntwo\\n
          """)
  void anInterruptedOutputIsContinuedOrStartedAnew(String second, String whole) {
    var tries = new AtomicInteger();
    receiver.on(
        "/work",
        (exchange, _) -> {
          boolean first = tries.getAndIncrement() == 0;
          exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
          exchange.sendResponseHeaders(200, first ? 1_000 : 0);
          exchange.getResponseBody().write(bytes(first ? "one\\n" : second));
          exchange.getResponseBody().flush();
          await(first ? seen : NOTHING);
        });

    var run = runs.start(assistant(""), "Go");
    var frames = readAlong(run);

    assertThat(runs.stopped(run).output(0)).isEqualTo(text(whole));
    assertThat(stepDeltas(frames, OUTPUT)).isEqualTo(text(whole));
    assertThat(stepDeltas(all(run, null), OUTPUT)).isEqualTo(text(whole));
    assertThat(receiver.calls()).hasSize(2);
  }

  @Test
  void anOutputThatGrowsTooLargeEndsWithAnError() {
    receiver.on(
        "/work",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/plain");
          exchange.sendResponseHeaders(200, 0);
          for (int i = 0; i < 40; i++) {
            exchange.getResponseBody().write("x".repeat(10_000).getBytes());
            exchange.getResponseBody().write(new byte[10_000]);
          }
        });

    var run = runs.start(assistant(""), "Go");

    var output = runs.stopped(run).output(0);
    assertThat(output)
        .startsWith("xxxx")
        .contains("\uFFFD\uFFFD", "answer_unusable")
        .hasSizeLessThan(300_000);
    assertThat(stepDeltas(all(run, null), OUTPUT)).isEqualTo(output);
  }

  @Test
  void theProgressOfAnMcpToolIsStreamedBesideItsOutput() {
    provider.reset();
    provider.reply(Reply.call("docs_long", "{\"text\": \"x\"}"), Reply.text("Done."));
    var received = new Semaphore(0);
    try (var server =
        new SdkMcpServer().withProgress("long", received, "Half way", "Nearly there")) {
      var assistant =
          runs.assistant(
              "gpt-4o",
              "",
              """
              {"type": "mcp", "mcp": {"server_label": "docs", "server_url": "%s",
               "require_approval": "never"}}"""
                  .formatted(server.url()));

      var run = runs.start(assistant, "Go");
      try (var stream = api.events(ToolRuns.path(run) + "/events")) {
        for (var frame = stream.next(); frame != null; frame = stream.next()) {
          if (!stepDeltas(List.of(frame), PROGRESS).isEmpty()) {
            received.release();
          }
        }
      }
      var ended = runs.stopped(run);

      assertThat(ended.output(0)).isEqualTo("done");
      assertThat(ended.calls().getFirst().at("/function/progress").asText())
          .isEqualTo("Half way\nNearly there\n");
      assertThat(stepDeltas(all(run, null), PROGRESS)).isEqualTo("Half way\nNearly there\n");
    }
  }

  /** Reads to the end, and says when there is something of the output. */
  private List<SseStream.Frame> readAlong(JsonNode run) {
    var frames = new ArrayList<SseStream.Frame>();
    try (var stream = api.events(ToolRuns.path(run) + "/events")) {
      for (var frame = stream.next(); frame != null; frame = stream.next()) {
        frames.add(frame);
        if (!stepDeltas(List.of(frame), OUTPUT).isEmpty()) {
          seen.countDown();
        }
      }
    }
    return frames;
  }

  private String assistant(String more) {
    return runs.assistant(
        "gpt-4o",
        "",
        "{\"type\": \"webhook\", \"webhook\": {\"name\": \"work\", \"endpoint\": \"%s\"%s}}"
            .formatted(receiver.url("/work"), more));
  }

  private List<SseStream.Frame> all(JsonNode run, String lastEventId) {
    var caller = lastEventId == null ? api : api.with("Last-Event-ID", lastEventId);
    try (var stream = caller.events(ToolRuns.path(run) + "/events")) {
      return stream.rest();
    }
  }

  private static byte[] bytes(String escaped) {
    return text(escaped).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(String escaped) {
    return escaped.replace("\\n", "\n");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
