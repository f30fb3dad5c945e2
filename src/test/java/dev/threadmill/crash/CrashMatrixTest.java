package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.CommitProxy;
import dev.threadmill.testing.CommitProxy.Side;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ServerProcess;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A run with a function call and a streamed answer, each after some reasoning, on a node that is
 * killed before and after each of its commits in turn. At first the model calls two webhooks, one
 * of which may be repeated. Whatever the boundary, a client that only resumes finds the run ended,
 * its events complete and nothing left over, and each webhook was called no more often than
 * allowed.
 */
class CrashMatrixTest {
  private static final String ANSWER = "It is sunny in Oslo, and it will stay so.";
  private static final int MOST_COMMITS = 30;
  private static final long PAUSE_MS = 40;
  private static final int MOST_LOOKS = 200;
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

  /** What happens to a call with an unknown outcome. */
  private enum OnUnknown {
    RETRY,
    FAIL;

    /** The name of the webhook with this setting. */
    String webhook() {
      return "log_or_" + name().toLowerCase(Locale.ROOT);
    }
  }

  private static ExecutorService scenarios;
  private static Map<Side, Future<?>> onAnotherNode;
  private static Future<?> afterARestart;

  /** Starts the scenarios at once: they wait for processes and leases most of the time. */
  @BeforeAll
  static void startAll() {
    scenarios = Executors.newVirtualThreadPerTaskExecutor();
    onAnotherNode = new EnumMap<>(Side.class);
    for (var side : Side.values()) {
      onAnotherNode.put(side, scenarios.submit(() -> killAndContinueOnAnotherNode(side)));
    }
    afterARestart = scenarios.submit(CrashMatrixTest::killAndRestart);
  }

  @AfterAll
  static void endAll() {
    scenarios.shutdownNow();
    scenarios.close();
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void anotherNodeContinuesAfterAKillAtAnyCommit(Side side) throws Exception {
    await(onAnotherNode.get(side));
  }

  @Test
  void aRestartedNodeContinuesAfterAKillAtAnyCommit() throws Exception {
    await(afterARestart);
  }

  private static void await(Future<?> scenario) throws Exception {
    try {
      scenario.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }

  private static void killAndContinueOnAnotherNode(Side side) {
    try (var proxy = CommitProxy.start();
        var receiver = RecordingServer.start();
        var cluster = cluster(2).withoutIndexing()) {
      var a = cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      cluster.start();
      killAtEachCommit(cluster, proxy, new Webhooks(receiver), a, cluster.node(1), side);
    }
  }

  private static void killAndRestart() {
    try (var proxy = CommitProxy.start();
        var receiver = RecordingServer.start();
        var cluster = cluster(1)) {
      // This node also makes the commits of the memory workers; each start costs seconds.
      var a = cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      cluster.start();
      killAtEachCommit(cluster, proxy, new Webhooks(receiver), a, a, Side.AFTER);
    }
  }

  private static Cluster cluster(int nodes) {
    var cluster =
        Cluster.of(nodes)
            .with("THREADMILL_LEASE", "1s")
            .with("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32");
    cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
    return cluster;
  }

  /** The webhooks that the server calls, and how often they may be called. */
  private record Webhooks(RecordingServer receiver) {
    Webhooks {
      for (var policy : OnUnknown.values()) {
        receiver.on("/" + policy.webhook(), RecordingServer.json(200, "{\"logged\": true}"));
      }
    }

    String specs() {
      return Stream.of(OnUnknown.values())
          .map(
              policy ->
                  """
                  {"type": "webhook",
                   "webhook": {"name": "%s", "endpoint": "%s", "on_unknown": "%s"}}"""
                      .formatted(
                          policy.webhook(),
                          receiver.url("/" + policy.webhook()),
                          policy.name().toLowerCase(Locale.ROOT)))
          .collect(Collectors.joining(","));
    }

    static Reply calls() {
      return Reply.calls(
          Stream.of(OnUnknown.values())
              .map(policy -> new Reply.Call("call_" + policy, policy.webhook(), "{}"))
              .toArray(Reply.Call[]::new));
    }

    /** Checks the calls after this many: each has one key, and is repeated only where allowed. */
    void wereCalledAsAllowed(int before, boolean killed, String name) {
      for (var policy : OnUnknown.values()) {
        var keys =
            receiver.calls().stream()
                .skip(before)
                .filter(call -> call.path().equals("/" + policy.webhook()))
                .map(call -> call.header("idempotency-key"))
                .toList();
        var which = policy + ", " + name;
        assertThat(keys.stream().distinct()).as(which).hasSizeLessThanOrEqualTo(1);
        boolean again = killed && policy == OnUnknown.RETRY;
        assertThat(keys).as(which).hasSizeBetween(policy == OnUnknown.RETRY ? 1 : 0, again ? 2 : 1);
      }
    }
  }

  private static void killAtEachCommit(
      Cluster cluster,
      CommitProxy proxy,
      Webhooks webhooks,
      ServerProcess victim,
      ServerProcess survivor,
      Side side) {
    for (int commit = 1; ; commit++) {
      assertThat(commit).as("the scenario does not come to its end").isLessThan(MOST_COMMITS);
      cluster.start();
      if (!new Scenario(cluster, webhooks, victim, survivor).killedAt(proxy, commit, side)) {
        System.out.printf("crash matrix: killed %s each of %d commits%n", side, commit - 1);
        assertThat(commit).as("too few commits were tried").isGreaterThan(4);
        return;
      }
    }
  }

  /** One client with one run. */
  private static final class Scenario {
    private final Cluster cluster;
    private final Webhooks webhooks;
    private final ServerProcess victim;
    private final ServerProcess survivor;
    private final EventReader reader;
    private ServerProcess node;
    private List<String> messagesBefore = List.of();
    private String thread;
    private String assistant;

    Scenario(Cluster cluster, Webhooks webhooks, ServerProcess victim, ServerProcess survivor) {
      this.cluster = cluster;
      this.webhooks = webhooks;
      this.victim = victim;
      this.survivor = survivor;
      this.node = victim;
      this.reader = new EventReader(cluster.apiKey());
    }

    /** Plays the scenario. Returns false if it ended before the n-th commit. */
    boolean killedAt(CommitProxy proxy, int commit, Side side) {
      prepare();
      int requestsBefore = cluster.provider().requests().size();
      int called = webhooks.receiver().calls().size();
      var killed = proxy.killAt(commit, side, victim);
      var run = play(killed);
      proxy.disarm();
      goOnElsewhereIf(killed);

      var api = cluster.api(node);
      var name = "commit %d, killed %s it".formatted(commit, side);
      cluster.await(name, LONG_ENOUGH, () -> InvariantAssertions.runEnded(api, thread, run));
      var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
      InvariantAssertions.eventsAreComplete(reader.events(), messages);
      assertThat(messages.get(messages.size() - 1).at("/content/0/text/value").asText())
          .as(() -> name + "\n" + cluster.logs())
          .isEqualTo(ANSWER);
      int again = killed.get() ? 1 : 0;
      assertThat(cluster.provider().requests().size() - requestsBefore)
          .as(() -> "model calls, of which a crash repeats one; " + name + "\n" + cluster.logs())
          .isLessThanOrEqualTo(3 + again);
      webhooks.wereCalledAsAllowed(called, killed.get(), name);
      try (var database = cluster.connect()) {
        InvariantAssertions.noLeftovers(database);
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
      return killed.get();
    }

    private void prepare() {
      cluster
          .provider()
          .otherwise(
              request ->
                  switch (resultsIn(request.body())) {
                    case 0 -> Webhooks.calls();
                    case 2 ->
                        Reply.call("get_weather", "{\"city\": \"Oslo\"}")
                            .withReasoning("I have to look.");
                    default -> Reply.text(ANSWER).withReasoning("Hm.").withPause(PAUSE_MS);
                  });
      var api = cluster.api(survivor);
      assistant =
          api.post(
                  "/v1/assistants",
                  """
                  {"model": "m", "tools": [
                    {"type": "function", "function": {"name": "get_weather"}}, %s]}
                  """
                      .formatted(webhooks.specs()))
              .id();
      thread =
          api.post(
                  "/v1/threads",
                  """
                  {"messages": [{"role": "user", "content": "What is the weather in Oslo?"}]}
                  """)
              .id();
    }

    private static int resultsIn(JsonNode request) {
      int results = 0;
      for (var message : request.get("messages")) {
        results += message.get("role").asText().equals("tool") ? 1 : 0;
      }
      return results;
    }

    /** Creates the run, reads, answers calls, and resumes after a break. */
    private String play(AtomicBoolean killed) {
      var create = Json.write(Map.of("assistant_id", assistant, "stream", true));
      reader.read(node.url() + "/v1/threads/" + thread + "/runs", create);
      for (int look = 0; look < MOST_LOOKS; look++) {
        goOnElsewhereIf(killed);
        try {
          var ended = goOn(create);
          if (ended != null) {
            return ended;
          }
        } catch (UncheckedIOException e) {
          // The request fails because the node crashes. Once it has ended, the next read shows the
          // state
          // of the run.
          cluster.await("the node to die: " + e, LONG_ENOUGH, () -> assertThat(killed).isTrue());
        }
      }
      throw new AssertionError("the run does not end\n" + cluster.logs());
    }

    /**
     * Reads the state of the run and does the next action. Returns the run's id if it has ended.
     */
    private String goOn(String create) {
      var api = cluster.api(node);
      var now = InvariantAssertions.messageIds(api, thread);
      InvariantAssertions.isPrefix(messagesBefore, now);
      messagesBefore = now;
      var runs = api.get("/v1/threads/" + thread + "/runs").json().get("data");
      if (runs.isEmpty()) {
        // The creation was never acknowledged, so it may be repeated.
        reader.read(node.url() + "/v1/threads/" + thread + "/runs", create);
        return null;
      }
      var run = runs.get(0);
      var path = "/v1/threads/" + thread + "/runs/" + run.get("id").asText();
      boolean ended = run.get("status").asText().matches("completed|failed");
      if (run.get("status").asText().equals("requires_action")) {
        submit(path, run);
      } else {
        readToTheEnd(path);
      }
      return ended ? run.get("id").asText() : null;
    }

    private void submit(String path, JsonNode run) {
      var outputs =
          run.at("/required_action/submit_tool_outputs/tool_calls").findValuesAsText("id").stream()
              .map(id -> Map.of("tool_call_id", id, "output", "sunny"))
              .toList();
      cluster
          .api(node)
          .post(path + "/submit_tool_outputs", Json.write(Map.of("tool_outputs", outputs)));
    }

    /**
     * Attaches and reads to the end, unless the run waits for its client, which does not end a
     * stream.
     */
    private void readToTheEnd(String path) {
      var api = cluster.api(node);
      var reading =
          Thread.ofVirtual().start(() -> reader.read(node.url() + path + "/events", null));
      try {
        long limit = System.nanoTime() + LONG_ENOUGH.toNanos();
        while (reading.isAlive()) {
          assertThat(System.nanoTime() - limit)
              .as(() -> "the stream does not end, after " + reader.events() + cluster.logs())
              .isNegative();
          reading.join(Duration.ofMillis(50));
          if (!node.isAlive()
              || api.get(path).json().path("status").asText().equals("requires_action")) {
            reading.interrupt();
            reading.join();
          }
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      } finally {
        reading.interrupt();
      }
    }

    private void goOnElsewhereIf(AtomicBoolean killed) {
      if (killed.get()) {
        node = survivor;
        if (!victim.isAlive()) {
          // Another node takes over meanwhile, and this one is up again for the next commit.
          victim.start();
        }
        node.awaitReady();
      }
    }
  }
}
