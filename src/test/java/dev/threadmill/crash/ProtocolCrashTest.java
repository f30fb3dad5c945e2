package dev.threadmill.crash;

import static dev.threadmill.crash.ProtocolCluster.OUTPUT;
import static dev.threadmill.crash.ProtocolCluster.PATIENCE;
import static dev.threadmill.crash.ProtocolCluster.model;
import static dev.threadmill.crash.ProtocolCluster.piece;
import static dev.threadmill.crash.ProtocolCluster.request;
import static dev.threadmill.crash.ProtocolCluster.state;
import static dev.threadmill.crash.ProtocolCluster.userMessage;
import static dev.threadmill.testing.SseStream.stepDeltas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
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
  private static final List<InterruptedWebhook> TOOLS = new ArrayList<>();
  private static ProtocolCluster cluster;
  private static InterruptedTask sentTask;
  private static InterruptedMcpCall mcpCall;
  private static InterruptedAgent askedAgent;
  private static InterruptedAgent forgetfulAgent;
  private static boolean isKilled;

  @BeforeAll
  static void begin() {
    cluster = new ProtocolCluster();
    cluster.start();
    TOOLS.add(new InterruptedWebhook(cluster, "retry", "one\ntwo\nthree\n"));
    TOOLS.add(new InterruptedWebhook(cluster, "retry", "another\n"));
    TOOLS.add(new InterruptedWebhook(cluster, "fail", "never"));
    TOOLS.add(new InterruptedWebhook(cluster, "ask", "never"));
    sentTask = new InterruptedTask(cluster);
    mcpCall = new InterruptedMcpCall(cluster);
    askedAgent = new InterruptedAgent(cluster, "fail");
    forgetfulAgent = new InterruptedAgent(cluster, "retry");
    TOOLS.forEach(InterruptedWebhook::awaitMiddle);
    sentTask.awaitMiddle();
    mcpCall.awaitMiddle();
    askedAgent.awaitMiddle();
    forgetfulAgent.awaitMiddle();
  }

  private static void afterTheKill() {
    if (!isKilled) {
      cluster.nodes.node(0).kill();
      forgetfulAgent.peer.forget();
      isKilled = true;
    }
  }

  @AfterAll
  static void nothingIsLeft() throws SQLException {
    try (var database = cluster.nodes.connect()) {
      await().atMost(PATIENCE).untilAsserted(() -> InvariantAssertions.noLeftovers(database));
    } finally {
      close();
    }
  }

  private static void close() {
    TOOLS.forEach(InterruptedWebhook::close);
    askedAgent.close();
    forgetfulAgent.close();
    cluster.close();
  }

  @Test
  void aTaskIsStreamedToItsEndByAnotherNodeAfterACrash() {
    afterTheKill();
    try (var stream =
        cluster.a2a(1).with("Last-Event-ID", sentTask.seen).stream(
            sentTask.agent, request("SubscribeToTask", sentTask.id()))) {
      var rest = stream.rest();
      assertThat(state(rest.getLast())).isEqualTo("TASK_STATE_COMPLETED");
      assertThat(rest.stream().map(ProtocolCluster::piece).collect(Collectors.joining()))
          .isEqualTo("All of it.");
    }
    var again = cluster.call(1, sentTask.agent, "SendMessage", sentTask.message).at("/result/task");
    assertThat(again.path("id").asText()).isEqualTo(sentTask.task);
    assertThat(again.at("/artifacts").findValuesAsText("text")).contains("All of it.");
  }

  @Test
  void anMcpCallInterruptedByACrashIsAnsweredOnceByAnotherNode() {
    afterTheKill();
    assertThat(mcpCall.answer).failsWithin(PATIENCE);

    var result = cluster.mcp(1, mcpCall.body).path("result");

    assertThat(result.path("isError").asBoolean()).as(result.toString()).isFalse();
    assertThat(result.at("/content/0/text").asText()).isEqualTo("At last.");
    var thread = "/v1/threads/" + result.at("/structuredContent/thread_id").asText();
    assertThat(cluster.api(1).get(thread + "/runs").json().path("data")).hasSize(1);
    assertThat(cluster.api(1).get(thread + "/messages").json().path("data")).hasSize(2);
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
    var runs = new ToolRuns(cluster.api(1));
    var stopped = runs.stopped(streamed.run);
    var asks = streamed.policy.equals("ask");
    var ended = asks ? runs.submit(stopped, "it was all") : stopped;

    assertThat(stopped.status()).isEqualTo(asks ? "requires_action" : "completed");
    assertThat(ended.status()).as(cluster.nodes.logs()).isEqualTo("completed");
    assertThat(ended.output(0)).startsWith(text(whole));
    assertThat(streamed.receiver.calls()).hasSize(calls);
    streamed.stream.awaitEnd(PATIENCE);
    // Outputs that the client submits are not streamed.
    var expected = asks ? "one\ntwo\n" : ended.output(0);
    assertThat(streamed.stream.stepDeltas(OUTPUT)).isEqualTo(expected);
    assertThat(stepDeltas(cluster.allEvents(streamed.run), OUTPUT)).isEqualTo(expected);
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

    var ended = new ToolRuns(cluster.api(1)).stopped(askedAgent.run);

    assertThat(ended.status()).as(cluster.nodes.logs()).isEqualTo("completed");
    assertThat(ended.output(0)).isEqualTo("Sunny. Warm.");
    stream.awaitEnd(PATIENCE);
    assertThat(stream.stepDeltas(OUTPUT)).isEqualTo("Sunny. Warm.");
    assertThat(stepDeltas(cluster.allEvents(askedAgent.run), OUTPUT)).isEqualTo("Sunny. Warm.");
    assertThat(peer.methods().stream().filter("message/stream"::equals)).hasSize(1);
  }

  @Test
  void aRemoteAgentThatLostItsTaskIsSentTheMessageAgain() {
    afterTheKill();
    var peer = forgetfulAgent.peer;
    await().atMost(PATIENCE).until(() -> peer.messages().size() == 2);
    peer.say("Rainy.");
    peer.finish();

    var ended = new ToolRuns(cluster.api(1)).stopped(forgetfulAgent.run);

    assertThat(ended.output(0))
        .isEqualTo("Sun\n[The output was interrupted, and the call was repeated.]\nRainy.");
    assertThat(peer.messages().getFirst().getMessageId())
        .isEqualTo(peer.messages().getLast().getMessageId());
    assertThat(stepDeltas(cluster.allEvents(forgetfulAgent.run), OUTPUT))
        .isEqualTo(ended.output(0));
  }

  @Test
  @Order(1)
  void aTaskAcceptedByOneNodeIsReadStreamedAndCancelledOnAnother() {
    cluster.start();
    var model = model();
    var agent = cluster.agent(model);
    cluster.provider().replyTo(model, Reply.text("one two three").hangAfter(3));
    try (var sent = cluster.a2a(0).stream(agent, request("SendStreamingMessage", userMessage()))) {
      var task = sent.next().json().at("/result/task/id").asText();
      var id = "{\"id\": \"" + task + "\"}";
      try (var stream = cluster.a2a(1).stream(agent, request("SubscribeToTask", id))) {
        var text = new StringBuilder();
        while (!text.toString().equals("one two ")) {
          text.append(piece(stream.next()));
        }
        assertThat(cluster.call(1, agent, "GetTask", id).at("/result/status/state").asText())
            .isEqualTo("TASK_STATE_WORKING");

        cluster.call(1, agent, "CancelTask", id);

        assertThat(state(stream.rest().getLast())).isEqualTo("TASK_STATE_CANCELED");
        assertThat(state(sent.rest().getLast())).isEqualTo("TASK_STATE_CANCELED");
        assertThat(cluster.call(0, agent, "GetTask", id).at("/result/status/state").asText())
            .isEqualTo("TASK_STATE_CANCELED");
      }
    }
  }

  private static String text(String escaped) {
    return escaped.replace("\\n", "\n");
  }
}
