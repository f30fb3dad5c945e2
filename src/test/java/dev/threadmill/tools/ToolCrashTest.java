package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A node is killed between the effect of a tool and its result. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ToolCrashTest {
  private static final int ROUNDS = 4;
  private static final int RUNS = 10;
  private static final int CALLS = 5;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** The keys of the payments made. */
  private final Set<String> effects = ConcurrentHashMap.newKeySet();

  /** Until this opens, the first payment of each key gets no answer. */
  private final AtomicReference<CountDownLatch> killed =
      new AtomicReference<>(new CountDownLatch(1));

  private final RecordingServer receiver = RecordingServer.start();
  private Cluster cluster;

  @BeforeAll
  void startNodes() {
    cluster =
        Cluster.of(2)
            .with("THREADMILL_LEASE", "1s")
            .with("THREADMILL_SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .with("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32")
            .withoutIndexing();
    receiver.on(
        "/pay",
        (exchange, call) -> {
          boolean first = effects.add(call.header("idempotency-key"));
          if (first) {
            hang(killed.get());
          }
          RecordingServer.reply(exchange, 200, "application/json", "{\"first\": " + first + "}");
        });
  }

  @AfterAll
  void endNodes() {
    cluster.close();
    receiver.close();
  }

  @BeforeEach
  void bothNodesAreUpAndNoPaymentWasMade() {
    cluster.start();
    effects.clear();
    killed.set(new CountDownLatch(1));
  }

  /** The model has these calls made, then it is done. */
  private void modelCalls(Reply.Call... calls) {
    cluster
        .provider()
        .otherwise(
            request ->
                request.body().path("messages").toString().contains("\"tool\"")
                    ? Reply.text("Done.")
                    : Reply.calls(calls));
  }

  @Test
  void theNextNodeGoesOnAsTheToolSaysAndEveryEffectCountsOnce() {
    // Given: three calls that have had their effect, and have no result
    int before = receiver.calls().size();
    modelCalls(new Reply.Call("call_pay", "pay", "{\"amount\": 5}"));
    var onA = new ToolRuns(cluster.api(cluster.node(0)));
    var onB = new ToolRuns(cluster.api(cluster.node(1)));
    var started =
        List.of("retry", "fail", "ask").stream()
            .map(policy -> onA.start(assistant(onA, receiver, policy), "Pay"))
            .toList();
    await().atMost(Duration.ofSeconds(20)).until(() -> effects.size() == 3);

    // When
    cluster.node(0).kill();
    killed.get().countDown();

    // Then
    var again = onB.stopped(started.get(0));
    assertThat(again.status()).describedAs(cluster.logs()).isEqualTo("completed");
    assertThat(again.output(0)).isEqualTo("{\"first\": false}");
    var reported = onB.stopped(started.get(1));
    assertThat(reported.status()).isEqualTo("completed");
    assertThat(reported.output(0)).contains("outcome_unknown");
    var asked = onB.stopped(started.get(2));
    assertThat(asked.status()).isEqualTo("requires_action");
    var answered = onB.submit(asked, "it was paid");
    assertThat(answered.status()).isEqualTo("completed");
    assertThat(answered.output(0)).isEqualTo("it was paid");
    assertThat(effects).isEqualTo(Set.of(callId(again), callId(reported), callId(answered)));
    assertThat(receiver.calls()).hasSize(before + 4);
  }

  /**
   * Marks of the provider that the first node has received but not committed are forgotten with the
   * response that they belong to; those of the response that is kept go back, whichever node calls.
   */
  @Test
  void theMarksOfAProviderGoBackToItFromTheNextNode() {
    // Given: a run amid its response, one amid its tool, and one that waits for its client
    cluster.provider().otherwise(request -> marked(request));
    var onA = new ToolRuns(cluster.api(cluster.node(0)));
    var onB = new ToolRuns(cluster.api(cluster.node(1)));
    var inResponse = onA.start(assistant(onA, "deepseek-response", receiver, "retry"), "Pay");
    var inTool = onA.start(assistant(onA, "deepseek-tool", receiver, "retry"), "Pay");
    var waiting =
        onA.run(
            onA.assistant(
                "deepseek-client",
                "",
                "{\"type\": \"function\", \"function\": {\"name\": \"pay\"}}"),
            "Pay");
    assertThat(waiting.status()).isEqualTo("requires_action");
    await().atMost(Duration.ofSeconds(20)).until(() -> effects.size() == 1);
    try (var stream =
        BackgroundStream.open(
            cluster.node(1).url() + ToolRuns.path(inResponse) + "/events",
            cluster.apiKey(),
            null)) {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> stream.stepDeltas("/delta/reasoning/text").equals("I pay."));
    }

    // When
    cluster.node(0).kill();
    killed.get().countDown();
    var ended = List.of(onB.stopped(inResponse), onB.stopped(inTool), onB.submit(waiting, "paid"));

    // Then
    assertThat(ended)
        .extracting(ToolRuns.Stopped::status)
        .describedAs(cluster.logs())
        .containsOnly("completed");
    assertThat(sentBackTo("deepseek-tool")).isEqualTo(marks(1));
    assertThat(sentBackTo("deepseek-client")).isEqualTo(marks(1));
    assertThat(sentBackTo("deepseek-response")).isEqualTo(marks(2));
  }

  /** Calls, with marks that count the responses; the first response of one model never ends. */
  private Reply marked(FakeProvider.Request request) {
    if (request.body().path("messages").toString().contains("\"tool\"")) {
      return Reply.text("Done.");
    }
    long response =
        cluster.provider().requests().stream()
            .filter(each -> each.model().equals(request.model()))
            .count();
    var steps = new ArrayList<Reply.Step>();
    var message = marks(response).deepCopy();
    message.remove("reasoning_content");
    steps.add(new Reply.Step.Delta(message));
    steps.add(new Reply.Step.Delta(JSON.objectNode().put("reasoning_content", "I pay.")));
    if (request.model().equals("deepseek-response") && response == 1) {
      steps.add(new Reply.Step.Hang());
    }
    steps.add(new Reply.Step.Finish("tool_calls"));
    return Reply.streamed(steps);
  }

  private static ObjectNode marks(long response) {
    var message = JSON.objectNode().put("reasoning_content", "I pay.");
    message
        .putArray("reasoning_details")
        .addObject()
        .put("type", "reasoning.encrypted")
        .put("data", "c2VjcmV0" + response)
        .put("index", 0);
    var call = message.putArray("tool_calls").addObject().put("id", "theirs-" + response);
    call.put("type", "function");
    call.putObject("function").put("name", "pay").put("arguments", "{}");
    call.putObject("extra_content")
        .putObject("google")
        .put("thought_signature", "c2lnbmVk" + response);
    return message;
  }

  /** What the last request for this model has of the response with the call. */
  private ObjectNode sentBackTo(String model) {
    var last =
        cluster.provider().requests().stream()
            .filter(request -> request.model().equals(model))
            .toList()
            .getLast();
    ObjectNode sent = last.body().path("messages").get(1).deepCopy();
    assertThat(last.body().at("/messages/2/tool_call_id")).isEqualTo(sent.at("/tool_calls/0/id"));
    sent.remove(List.of("role", "content"));
    return sent;
  }

  /** Kills nodes in turn, each while it waits for the results of many calls. */
  @Test
  void twoHundredCallsCutBetweenTheirEffectAndTheirResultHaveTheirEffectOnce() {
    int before = receiver.calls().size();
    modelCalls(payments());
    var ids = new HashSet<String>();
    for (int round = 0; round < ROUNDS; round++) {
      // Given: many calls that have had their effect, and have no result
      var victim = cluster.node(round % 2);
      var onVictim = new ToolRuns(cluster.api(victim));
      var onOther = new ToolRuns(cluster.api(cluster.node((round + 1) % 2)));
      var assistant = assistant(onVictim, receiver, "retry");
      killed.set(new CountDownLatch(1));
      var started = new ArrayList<JsonNode>();
      for (int i = 0; i < RUNS; i++) {
        started.add(onVictim.start(assistant, "Pay"));
      }
      int soFar = (round + 1) * RUNS * CALLS;
      await().atMost(Duration.ofSeconds(30)).until(() -> effects.size() == soFar);

      // When
      victim.kill();
      killed.get().countDown();

      // Then
      for (var run : started) {
        var ended = onOther.stopped(run);
        assertThat(ended.status()).describedAs(cluster.logs()).isEqualTo("completed");
        for (var call : ended.calls()) {
          ids.add(call.path("id").asText());
          assertThat(call.at("/function/output").asText()).isEqualTo("{\"first\": false}");
        }
      }
      cluster.start();
    }
    assertThat(effects).hasSize(ROUNDS * RUNS * CALLS).hasSize(200).isEqualTo(ids);
    assertThat(receiver.calls()).hasSize(before + 400);
  }

  private static Reply.Call[] payments() {
    return IntStream.range(0, CALLS)
        .mapToObj(i -> new Reply.Call("call_" + i, "pay", "{\"amount\": " + i + "}"))
        .toArray(Reply.Call[]::new);
  }

  private static String callId(ToolRuns.Stopped run) {
    return run.calls().getFirst().path("id").asText();
  }

  private static String assistant(ToolRuns runs, RecordingServer receiver, String policy) {
    return assistant(runs, "gpt-4o", receiver, policy);
  }

  private static String assistant(
      ToolRuns runs, String model, RecordingServer receiver, String policy) {
    return runs.assistant(
        model,
        "",
        """
        {"type": "webhook", "webhook": {"name": "pay", "endpoint": "%s", "on_unknown": "%s",
         "timeout_ms": 60000, "auth": {"type": "bearer", "token": "t0ken"},
         "parameters": {"type": "object"}}}"""
            .formatted(receiver.url("/pay"), policy));
  }

  private static void hang(CountDownLatch until) {
    try {
      until.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
