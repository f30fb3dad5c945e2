package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Nodes of a cluster, once for each transport of signals. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class NodesTest {
  /** Half a poll interval: anything faster was signaled, not polled. */
  private static final Duration DELIVERY = Duration.ofMillis(500);

  protected Cluster cluster;
  protected ServerProcess a;
  protected ServerProcess b;

  /** A cluster of two, with the transport under test, not started. */
  abstract Cluster cluster();

  @BeforeAll
  void startNodes() {
    // Only words from node to node are fast here: the net below them is wide.
    cluster = cluster().with("THREADMILL_LEASE", "2s");
    cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=20s"));
    cluster.start();
    a = cluster.node(0);
    b = cluster.node(1);
    awaitCompany();
  }

  @AfterAll
  void endNodes() {
    cluster.close();
  }

  @BeforeEach
  void forget() {
    cluster.provider().reset();
  }

  /**
   * A node may be ready before it receives signals: one streams a run of the other until it does.
   */
  private void awaitCompany() {
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              var gate = new ReplyGate();
              cluster.provider().reset();
              cluster.provider().reply(Reply.text("one two").withGate(gate));
              var run = startRun();
              try (var stream = attach(b, run)) {
                gate.open();
                stream.awaitEnd(Duration.ofSeconds(2));
              }
            });
  }

  protected JsonNode startRun() {
    return startRun(a);
  }

  protected JsonNode startRun(ServerProcess node) {
    return startRun(node, "");
  }

  protected JsonNode startRun(ServerProcess node, String more) {
    var assistant = cluster.api(node).post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var answer =
        cluster
            .api(node)
            .post(
                "/v1/threads/runs",
                """
                {"assistant_id": "%s", %s
                 "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
                """
                    .formatted(assistant, more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  protected BackgroundStream attach(ServerProcess node, JsonNode run) {
    return BackgroundStream.open(node.url() + path(run) + "/events", cluster.apiKey(), null);
  }

  @Test
  void aRunIsStreamedFromAnotherNodeWithinMilliseconds() {
    var gate = new ReplyGate();
    cluster.provider().reply(Reply.text("w ".repeat(60)).withGate(gate));
    var run = startRun();
    try (var stream = attach(b, run)) {
      await().until(() -> gate.waiting() == 1);
      gate.release(2);
      stream.await("thread.message.delta", 1, DELIVERY.multipliedBy(4));

      var delays = new ArrayList<Long>();
      for (int word = 2; word <= 50; word++) {
        await().until(() -> gate.waiting() == 1);
        long before = System.nanoTime();
        gate.release();
        stream.awaitText(2 * word, Duration.ofSeconds(5));
        delays.add((System.nanoTime() - before) / 1_000_000);
      }
      gate.open();
      stream.awaitEnd(Duration.ofSeconds(5));

      delays.sort(null);
      System.out.printf(
          "delta to another node: p50=%d ms p99=%d ms%n",
          delays.get(delays.size() / 2), delays.getLast());
      assertThat(delays.get(delays.size() / 2)).as("%s", delays).isLessThan(150);
    }
  }

  @Test
  void aRunIsCancelledFromAnotherNodeWithinMilliseconds() {
    cluster.provider().reply(Reply.text("one two three").hangAfter(3));
    var run = startRun();
    await().until(() -> cluster.provider().requests().size() == 1);

    long before = System.nanoTime();
    var answer = cluster.api(b).post(path(run) + "/cancel", "{}");
    assertThat(answer.json().path("status").asText()).isEqualTo("cancelling");
    await()
        .atMost(Duration.ofSeconds(5))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> cluster.api(b).get(path(run)).json().path("status").asText().equals("cancelled"));

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(DELIVERY.multipliedBy(4));
  }

  @Test
  void outputsAreSubmittedAtAnotherNodeAndTheStreamContinues() {
    cluster.provider().reply(Reply.call("look", "{}"), Reply.text("It is sunny."));
    var run =
        startRun(a, "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"look\"}}],");
    try (var stream = attach(a, run)) {
      stream.await("thread.run.requires_action", 1, Duration.ofSeconds(5));
      var waiting = cluster.api(b).get(path(run)).json();
      var call = waiting.at("/required_action/submit_tool_outputs/tool_calls/0/id").asText();

      var answer =
          cluster
              .api(b)
              .post(
                  path(run) + "/submit_tool_outputs",
                  "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"sun\"}]}"
                      .formatted(call));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);

      stream.awaitEnd(Duration.ofSeconds(3));
      assertThat(stream.text()).isEqualTo("It is sunny.");
      assertThat(stream.names()).containsOnlyOnce("thread.run.completed");
    }
  }

  @Test
  void aLogThatIsFollowedOnEitherNodeHasTheEventsOfARunInTheirOrder() {
    cluster.provider().reply(Reply.text("one"));
    var logs = "/v1/projects/proj_default/logs?stream=true&event=run.created,run.completed";
    try (var here = cluster.api(a).events(logs);
        var there = cluster.api(b).events(logs)) {
      var run = startRun();

      for (var stream : List.of(here, there)) {
        var names = new ArrayList<String>();
        while (names.size() < 2) {
          var frame = stream.next();
          if (frame.json().path("run_id").equals(run.path("id"))) {
            names.add(frame.event());
          }
        }
        assertThat(names).containsExactly("run.created", "run.completed");
      }
    }
  }

  @Test
  void aKeyThatIsDeletedOnOneNodeStopsWorkingOnTheOthers() {
    var admin = cluster.admin(a);
    var project = admin.post("/v1/projects", "{\"name\": \"p\"}").id();
    var made = admin.post("/v1/projects/" + project + "/api_keys", "{}");
    var key = made.json().path("value").asText();
    assertThat(b.api(key).get("/v1/assistants").status()).isEqualTo(200);

    admin.delete("/v1/projects/" + project + "/api_keys/" + made.id());

    await()
        .atMost(Duration.ofSeconds(3))
        .until(() -> b.api(key).get("/v1/assistants").status() == 401);
  }

  @Test
  void aRunWhoseNodeIsKilledIsTakenOverAndItsReaderElsewhereReceivesEveryEventOnce() {
    var third = cluster.add();
    third.withJvmOption("-Dthreadmill.runs.sweep-every=200ms");
    cluster.start();
    var gate = new ReplyGate();
    cluster
        .provider()
        .reply(Reply.text("one two three four").withGate(gate), Reply.text("five six"));
    var run = startRun(third);
    var text = new ArrayList<String>();
    try (var stream = attach(b, run)) {
      gate.release(4);
      stream.await("thread.message.delta", 2, Duration.ofSeconds(5));

      third.kill();

      // The sweeps of the others are rare in this test, the leases are not.
      third.start().awaitReady();
      stream.awaitEnd(Duration.ofSeconds(20));
      text.add(stream.text());
      assertThat(stream.names()).containsOnlyOnce("thread.message.incomplete");
      assertThat(stream.names()).containsOnlyOnce("thread.run.completed");
      assertThat(stream.ids()).doesNotHaveDuplicates();
      try (var replay = attach(a, run)) {
        replay.awaitEnd(Duration.ofSeconds(5));
        assertThat(replay.text()).isEqualTo(stream.text());
        assertThat(withoutDeltas(replay.names())).isEqualTo(withoutDeltas(stream.names()));
      }
    }
  }

  private static List<String> withoutDeltas(List<String> names) {
    return names.stream().filter(name -> !name.endsWith(".delta")).toList();
  }
}
