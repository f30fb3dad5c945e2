package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.A2aTestAgent;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Calls over other protocols, and calls of tools, when their node crashes. All of them are started
 * first, then the node is killed once, and each test checks its part.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ProtocolCrashTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String OUTPUT = "/delta/step_details/tool_calls/0/function/output";
  private static final List<StreamedTool> TOOLS = new ArrayList<>();
  private static Cluster cluster;
  private static SentTask sentTask;
  private static McpCall mcpCall;
  private static AskedAgent askedAgent;
  private static AskedAgent forgetfulAgent;
  private static boolean isKilled;

  @BeforeAll
  static void begin() {
    cluster =
        Cluster.of(2)
            .with("THREADMILL_LEASE", "3s")
            .with("THREADMILL_SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .with("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32")
            .withoutIndexing();
    cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
    cluster.start();
    TOOLS.add(new StreamedTool("retry", "one\ntwo\nthree\n"));
    TOOLS.add(new StreamedTool("retry", "another\n"));
    TOOLS.add(new StreamedTool("fail", "never"));
    TOOLS.add(new StreamedTool("ask", "never"));
    sentTask = new SentTask();
    mcpCall = new McpCall();
    askedAgent = new AskedAgent("fail");
    forgetfulAgent = new AskedAgent("retry");
    TOOLS.forEach(StreamedTool::awaitMiddle);
    sentTask.awaitMiddle();
    mcpCall.awaitMiddle();
    askedAgent.awaitMiddle();
    forgetfulAgent.awaitMiddle();
  }

  private static void afterTheKill() {
    if (!isKilled) {
      cluster.node(0).kill();
      forgetfulAgent.peer.forget();
      isKilled = true;
    }
  }

  @AfterAll
  static void nothingIsLeft() throws SQLException {
    try (var database = cluster.connect()) {
      await().atMost(PATIENCE).untilAsserted(() -> InvariantAssertions.noLeftovers(database));
    } finally {
      close();
    }
  }

  private static void close() {
    TOOLS.forEach(StreamedTool::close);
    askedAgent.close();
    forgetfulAgent.close();
    cluster.close();
  }

  @Test
  void aTaskIsStreamedToItsEndByAnotherNodeAfterACrash() {
    afterTheKill();
    try (var stream =
        a2a(1).with("Last-Event-ID", sentTask.seen).stream(
            sentTask.agent, request("SubscribeToTask", sentTask.id()))) {
      var rest = stream.rest();
      assertThat(state(rest.getLast())).isEqualTo("TASK_STATE_COMPLETED");
      assertThat(rest.stream().map(ProtocolCrashTest::piece).collect(Collectors.joining()))
          .isEqualTo("All of it.");
    }
    var again = call(1, sentTask.agent, "SendMessage", sentTask.message).at("/result/task");
    assertThat(again.path("id").asText()).isEqualTo(sentTask.task);
    assertThat(again.at("/artifacts").findValuesAsText("text")).contains("All of it.");
  }

  @Test
  void anMcpCallInterruptedByACrashIsAnsweredOnceByAnotherNode() {
    afterTheKill();
    assertThat(mcpCall.answer).failsWithin(PATIENCE);

    var result = mcp(1, mcpCall.body).path("result");

    assertThat(result.path("isError").asBoolean()).as(result.toString()).isFalse();
    assertThat(result.at("/content/0/text").asText()).isEqualTo("At last.");
    var thread = "/v1/threads/" + result.at("/structuredContent/thread_id").asText();
    assertThat(api(1).get(thread + "/runs").json().path("data")).hasSize(1);
    assertThat(api(1).get(thread + "/messages").json().path("data")).hasSize(2);
  }

  /** The response of a webhook was interrupted by the death of the node that was reading it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0 | 2 | one\\ntwo\\nthree\\n
          1 | 2 | one\\ntwo\\n\\n[The output was interrupted, and the call was repeated.]\\nanother\\n
          2 | 1 | one\\ntwo\\n\\n{"error":{"type":"outcome_unknown"
          3 | 1 | one\\ntwo\\n\\nit was all
          """)
  void anInterruptedOutputIsContinuedByThePolicyOfItsToolAndStreamedOnce(
      int tool, int calls, String whole) {
    afterTheKill();
    var streamed = TOOLS.get(tool);
    var runs = new ToolRuns(api(1));
    var stopped = runs.stopped(streamed.run);
    var asks = streamed.policy.equals("ask");
    var ended = asks ? runs.submit(stopped, "it was all") : stopped;

    assertThat(stopped.status()).isEqualTo(asks ? "requires_action" : "completed");
    assertThat(ended.status()).as(cluster.logs()).isEqualTo("completed");
    assertThat(ended.output(0)).startsWith(text(whole));
    assertThat(streamed.receiver.calls()).hasSize(calls);
    streamed.stream.awaitEnd(PATIENCE);
    // Outputs that the client submits are not streamed.
    var expected = asks ? "one\ntwo\n" : ended.output(0);
    assertThat(streamed.stream.stepDeltas(OUTPUT)).isEqualTo(expected);
    assertThat(streamed(allEvents(streamed.run))).isEqualTo(expected);
  }

  @Test
  void theTaskOfARemoteAgentIsContinuedNotRestarted() {
    afterTheKill();
    var peer = askedAgent.peer;
    var stream = askedAgent.stream;
    peer.say("ny. ");
    await().atMost(PATIENCE).until(() -> stream.stepDeltas(OUTPUT).equals("Sunny. "));
    await().atMost(PATIENCE).until(() -> peer.methods().contains("tasks/resubscribe"));
    peer.say("Warm.");
    peer.finish();

    var ended = new ToolRuns(api(1)).stopped(askedAgent.run);

    assertThat(ended.status()).as(cluster.logs()).isEqualTo("completed");
    assertThat(ended.output(0)).isEqualTo("Sunny. Warm.");
    stream.awaitEnd(PATIENCE);
    assertThat(stream.stepDeltas(OUTPUT)).isEqualTo("Sunny. Warm.");
    assertThat(streamed(allEvents(askedAgent.run))).isEqualTo("Sunny. Warm.");
    assertThat(peer.methods().stream().filter("message/stream"::equals)).hasSize(1);
  }

  @Test
  void aRemoteAgentThatLostItsTaskIsSentTheMessageAgain() {
    afterTheKill();
    var peer = forgetfulAgent.peer;
    await().atMost(PATIENCE).until(() -> peer.messages().size() == 2);
    peer.say("Rainy.");
    peer.finish();

    var ended = new ToolRuns(api(1)).stopped(forgetfulAgent.run);

    assertThat(ended.output(0))
        .isEqualTo("Sun\n[The output was interrupted, and the call was repeated.]\nRainy.");
    assertThat(peer.messages().getFirst().getMessageId())
        .isEqualTo(peer.messages().getLast().getMessageId());
    assertThat(streamed(allEvents(forgetfulAgent.run))).isEqualTo(ended.output(0));
  }

  @Test
  @Order(1)
  void aTaskAcceptedByOneNodeIsReadStreamedAndCancelledOnAnother() {
    cluster.start();
    var model = model();
    var agent = agent(model);
    cluster.provider().replyTo(model, Reply.text("one two three").hangAfter(3));
    try (var sent = a2a(0).stream(agent, request("SendStreamingMessage", userMessage()))) {
      var task = sent.next().json().at("/result/task/id").asText();
      var id = "{\"id\": \"" + task + "\"}";
      try (var stream = a2a(1).stream(agent, request("SubscribeToTask", id))) {
        var text = new StringBuilder();
        while (!text.toString().equals("one two ")) {
          text.append(piece(stream.next()));
        }
        assertThat(call(1, agent, "GetTask", id).at("/result/status/state").asText())
            .isEqualTo("TASK_STATE_WORKING");

        call(1, agent, "CancelTask", id);

        assertThat(state(stream.rest().getLast())).isEqualTo("TASK_STATE_CANCELED");
        assertThat(state(sent.rest().getLast())).isEqualTo("TASK_STATE_CANCELED");
        assertThat(call(0, agent, "GetTask", id).at("/result/status/state").asText())
            .isEqualTo("TASK_STATE_CANCELED");
      }
    }
  }

  /**
   * A run on the first node whose webhook has sent half of its response, which the other node has
   * streamed.
   */
  private static final class StreamedTool implements AutoCloseable {
    final String policy;
    final RecordingServer receiver = RecordingServer.start();
    final CountDownLatch over = new CountDownLatch(1);
    final JsonNode run;
    final BackgroundStream stream;

    StreamedTool(String policy, String secondAnswer) {
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
      var runs = new ToolRuns(api(0));
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
      stream = stream(run);
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
  }

  /** A task that the first node accepted and streamed half of. */
  private static final class SentTask {
    final String agent;
    final String message = userMessage();
    final SseStream sent;
    final String task;
    String seen;

    SentTask() {
      var model = model();
      agent = agent(model);
      cluster
          .provider()
          .replyTo(model, Reply.text("one two three").hangAfter(3), Reply.text("All of it."));
      sent = a2a(0).stream(agent, request("SendStreamingMessage", message));
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

  /** A call of an assistant over MCP, on the first node, whose model does not answer. */
  private static final class McpCall {
    final String model = model();
    final String body;
    final CompletableFuture<JsonNode> answer;

    McpCall() {
      api(0)
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
      answer = CompletableFuture.supplyAsync(() -> mcp(0, body));
    }

    void awaitMiddle() {
      await()
          .atMost(PATIENCE)
          .until(
              () -> cluster.provider().requests().stream().anyMatch(r -> r.model().equals(model)));
    }
  }

  /** A run on the first node whose remote agent has sent a part. */
  private static final class AskedAgent implements AutoCloseable {
    final A2aTestAgent peer = A2aTestAgent.streaming();
    final JsonNode run;
    final BackgroundStream stream;

    AskedAgent(String policy) {
      var model = model();
      cluster
          .provider()
          .replyTo(
              model, Reply.call("route_to_peer", "{\"message\": \"Rome?\"}"), Reply.text("Done."));
      var runs = new ToolRuns(api(0));
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
      stream = stream(run);
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

  private static ApiClient api(int node) {
    return cluster.api(cluster.node(node));
  }

  private static ApiClient a2a(int node) {
    return api(node).with("A2A-Version", "1.0");
  }

  private static String model() {
    return "m-" + UUID.randomUUID();
  }

  /** The path of a new agent. */
  private static String agent(String model) {
    return "/v1/a2a/"
        + api(1)
            .post(
                "/v1/assistants",
                "{\"model\": \"%s\", \"exposure\": {\"a2a\": true}}".formatted(model))
            .id();
  }

  private static JsonNode call(int node, String agent, String method, String params) {
    return a2a(node).post(agent, request(method, params)).json();
  }

  private static String request(String method, String params) {
    return "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\", \"params\": %s}"
        .formatted(method, params);
  }

  private static String userMessage() {
    return """
        {"message": {"messageId": "%s", "role": "ROLE_USER", "parts": [{"text": "Count"}]}}"""
        .formatted(UUID.randomUUID());
  }

  /** The last message of the response. */
  private static JsonNode mcp(int node, String body) {
    try (var stream =
        api(node).with("Accept", "application/json, text/event-stream").stream("/v1/mcp", body)) {
      return stream.rest().getLast().json();
    }
  }

  private static String piece(SseStream.Frame frame) {
    return frame.json().at("/result/artifactUpdate/artifact/parts/0/text").asText();
  }

  private static String state(SseStream.Frame frame) {
    return frame.json().at("/result/statusUpdate/status/state").asText();
  }

  private static String path(JsonNode run) {
    return "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + run.path("id").asText();
  }

  /** The events of a run, read from the second node. */
  private static BackgroundStream stream(JsonNode run) {
    return BackgroundStream.open(
        cluster.node(1).url() + path(run) + "/events", cluster.apiKey(), null);
  }

  private static List<SseStream.Frame> allEvents(JsonNode run) {
    try (var stream = api(1).events(path(run) + "/events")) {
      return new ArrayList<>(stream.rest());
    }
  }

  private static String streamed(List<SseStream.Frame> frames) {
    return frames.stream()
        .filter(frame -> "thread.run.step.delta".equals(frame.event()))
        .map(frame -> frame.json().at(OUTPUT).asText())
        .filter(piece -> !piece.equals("null"))
        .collect(Collectors.joining());
  }

  private static String text(String escaped) {
    return escaped.replace("\\n", "\n");
  }

  private static void hang(CountDownLatch until) {
    try {
      until.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
