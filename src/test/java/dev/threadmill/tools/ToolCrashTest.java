package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Cluster;
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
    return runs.assistant(
        "gpt-4o",
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
