package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.lab.chaos.SlowCommits;
import dev.threadmill.lab.chaos.TerminateSessions;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ServerProcess;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Faults on two nodes while runs are active. */
class NemesisTest {
  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);
  private static final String WORDS = "one two three four five six seven eight nine ten";
  private static Cluster cluster;

  private final ReplyGate gate = new ReplyGate();
  private ServerProcess a;
  private ServerProcess b;

  @BeforeAll
  static void begin() {
    cluster = Cluster.of(2).with("THREADMILL_LEASE", LEASE.toSeconds() + "s");
    cluster
        .nodes()
        .forEach(
            node ->
                node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms")
                    .withJvmOption("-Dthreadmill.runs.drain=300ms"));
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  @BeforeEach
  void bothNodesAreUp() {
    cluster.start();
    a = cluster.node(0);
    b = cluster.node(1);
    cluster.provider().reset();
  }

  private String thread(ApiClient api) {
    var body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Count.\"}]}";
    return api.post("/v1/threads", body).id();
  }

  private String assistant(ApiClient api) {
    return api.post("/v1/assistants", "{\"model\": \"m\"}").id();
  }

  /** Starts a run on a node and reads its stream in the background. */
  private CompletableFuture<Boolean> stream(
      EventReader reader, ServerProcess node, String thread, String assistant) {
    var body = Json.write(Map.of("assistant_id", assistant, "stream", true));
    var done = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .start(
            () -> done.complete(reader.read(node.url() + "/v1/threads/" + thread + "/runs", body)));
    return done;
  }

  private JsonNode run(ApiClient api, String thread) {
    return api.get("/v1/threads/" + thread + "/runs").json().at("/data/0");
  }

  private void awaitEnd(ApiClient api, String thread, String status) {
    await(cluster.logs())
        .atMost(LONG_ENOUGH)
        .untilAsserted(
            () -> assertThat(run(api, thread).path("status").asText()).isEqualTo(status));
  }

  /** Waits until this node has called the model, so that the delayed reply goes to it. */
  private void awaitModelCall(EventReader reader) {
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> reader.runId() != null && !cluster.provider().requests().isEmpty());
  }

  private void assertNothingIsLeft() {
    try (var database = cluster.connect()) {
      InvariantAssertions.noLeftovers(database);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aNodePausedForTwoLeasesOverwritesNothingOfTheNodeThatTookOver() {
    cluster.provider().reply(Reply.text(WORDS).withGate(gate), Reply.text("from the successor"));
    var api = cluster.api(b);
    var thread = thread(api);
    var reader = new EventReader(cluster.apiKey());
    stream(reader, a, thread, assistant(api));
    gate.release(4);
    awaitModelCall(reader);

    a.pause();
    awaitEnd(api, thread, "completed");
    gate.open();
    a.resume();
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> !a.log("lease expired and was deleted by another node").isEmpty());

    var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
    assertThat(messages.get(messages.size() - 1).at("/content/0/text/value").asText())
        .isEqualTo("from the successor");
    assertThat(messages.findValuesAsText("status")).filteredOn("completed"::equals).hasSize(2);
    var resumed = new EventReader(cluster.apiKey());
    var path = "/v1/threads/" + thread + "/runs/" + reader.runId() + "/events";
    assertThat(resumed.read(a.url() + path, null)).isTrue();
    InvariantAssertions.eventsAreComplete(resumed.events(), messages);
    assertNothingIsLeft();
  }

  @Test
  void aStreamContinuesWhenAllDatabaseConnectionsAreTerminated() throws Exception {
    cluster.provider().reply(Reply.text(WORDS).withGate(gate));
    var api = cluster.api(a);
    var thread = thread(api);
    var reader = new EventReader(cluster.apiKey());
    var done = stream(reader, a, thread, assistant(api));

    gate.release(2);
    awaitModelCall(reader);
    for (int cut = 0; cut < 6; cut++) {
      gate.release(2);
      cutAllConnections();
    }
    gate.open();

    assertThat(done.get(40, TimeUnit.SECONDS)).as("the stream came to its end").isTrue();
    assertThat(run(cluster.api(b), thread).path("status").asText()).isEqualTo("completed");
    var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
    InvariantAssertions.eventsAreComplete(reader.events(), messages);
    assertThat(cluster.provider().requests()).hasSize(1);
    assertNothingIsLeft();
  }

  private static void cutAllConnections() {
    try (var database = cluster.connect()) {
      TerminateSessions.allExcept(database);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void eachOfAThousandRunsThatAreCancelledWhileTheyEndEndsOnce() throws Exception {
    cluster.provider().otherwise(_ -> Reply.text(WORDS).withPause(5));
    var assistant = assistant(cluster.api(a));
    try (var clients = Executors.newFixedThreadPool(32)) {
      var runs = new ArrayList<Future<String>>();
      for (int i = 0; i < 1_000; i++) {
        int patience = i % 10;
        runs.add(clients.submit(() -> cancelledRun(assistant, patience)));
      }
      for (var run : runs) {
        run.get();
      }
      awaitQuiet(assistant);
      var ends = ends(assistant);
      assertThat(ends.values()).containsOnly("cancelled", "completed");
      assertThat(ends).hasSize(1_000);

      for (int i = 0; i < 1_000; i += 20) {
        var path = runs.get(i).get();
        assertThat(cluster.api(a).post(path + "/cancel", null).status()).isEqualTo(400);
      }
      assertThat(ends(assistant)).isEqualTo(ends);
    }
    assertNothingIsLeft();
  }

  /** Starts a run on one node and cancels it on the other after a number of reads. */
  private String cancelledRun(String assistant, int looks) {
    var run = cluster.api(a).post("/v1/threads/runs", newThread(assistant)).json();
    var path = "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + run.path("id").asText();
    for (int i = 0; i < looks; i++) {
      cluster.api(b).get(path);
    }
    cluster.api(b).post(path + "/cancel", null);
    return path;
  }

  private static String newThread(String assistant) {
    var messages = List.of(Map.of("role", "user", "content", "Count."));
    return Json.write(Map.of("assistant_id", assistant, "thread", Map.of("messages", messages)));
  }

  private static void awaitQuiet(String assistant) {
    cluster.await(
        "the ends of all runs",
        LONG_ENOUGH,
        () -> assertThat(ends(assistant).values()).isSubsetOf(InvariantAssertions.ENDS));
  }

  /** The status of each run of an assistant. */
  private static Map<String, String> ends(String assistant) {
    var ends = new HashMap<String, String>();
    try (var database = cluster.connect();
        var query =
            database.prepareStatement("SELECT id, status FROM runs WHERE assistant_id = ?")) {
      query.setString(1, assistant);
      try (var rows = query.executeQuery()) {
        while (rows.next()) {
          ends.put(rows.getString(1), rows.getString(2));
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return ends;
  }

  @Test
  void noRunIsLostWhenTheNodesAreReplacedOneByOneUnderLoad() throws Exception {
    var requestCount = new AtomicInteger();
    cluster
        .provider()
        .otherwise(
            _ -> Reply.text(WORDS).withPause(requestCount.incrementAndGet() % 5 == 0 ? 200 : 30));
    var assistant = assistant(cluster.api(a));
    var replaced = new AtomicBoolean();
    var runs = ConcurrentHashMap.<String>newKeySet();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        int client = i;
        clients.execute(
            () -> {
              for (int run = 0; !replaced.get(); run++) {
                runs.add(createAnywhere(assistant, "upgrade-" + client + "-" + run));
              }
            });
      }
      for (var node : cluster.nodes()) {
        int before = runs.size();
        await().atMost(LONG_ENOUGH).until(() -> runs.size() > before + 20);
        node.stop();
        node.start().awaitReady();
      }
      replaced.set(true);
    }

    awaitQuiet(assistant);
    var ends = ends(assistant);
    assertThat(ends.keySet()).isEqualTo(runs);
    assertThat(ends.values()).containsOnly("completed");
    assertNothingIsLeft();
  }

  /** Creates a run on any node that answers, as a client with a key may. */
  private String createAnywhere(String assistant, String key) {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      try {
        var api = cluster.api(cluster.node(attempt % 2)).with("Idempotency-Key", key);
        var created = api.post("/v1/threads/runs", newThread(assistant));
        if (created.status() == 200) {
          return created.id();
        }
      } catch (UncheckedIOException e) {
        // This node is being replaced; the other one is up.
      }
    }
    throw new AssertionError("no node takes over the run\n" + cluster.logs());
  }

  @Test
  void aRunWhoseCommitsTakeLongerThanTheLeaseStaysWithItsNode() throws Exception {
    cluster.provider().otherwise(_ -> Reply.text(WORDS).withPause(20));
    var api = cluster.api(a);
    var thread = thread(api);
    var assistant = assistant(api);
    var reader = new EventReader(cluster.apiKey());
    try (var database = cluster.connect()) {
      SlowCommits.install(database);
      SlowCommits.set(database, 1.5 * LEASE.toSeconds());
      try {
        assertThat(stream(reader, a, thread, assistant).get(60, TimeUnit.SECONDS)).isTrue();
      } finally {
        SlowCommits.remove(database);
      }
    }
    awaitEnd(api, thread, "completed");
    var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
    InvariantAssertions.eventsAreComplete(reader.events(), messages);
    assertThat(cluster.provider().requests()).hasSize(1);
    assertNothingIsLeft();
  }

  @Test
  void aStoppingNodeReleasesTheRunsThatItCannotFinish() {
    cluster.provider().reply(Reply.text(WORDS).withGate(gate), Reply.text("from the other node"));
    var api = cluster.api(b);
    var thread = thread(api);
    var reader = new EventReader(cluster.apiKey());
    stream(reader, a, thread, assistant(api));
    gate.release(3);
    awaitModelCall(reader);

    a.stop();

    awaitEnd(api, thread, "completed");
    var path = "/v1/threads/" + thread + "/runs/" + reader.runId() + "/events";
    assertThat(reader.read(b.url() + path, null)).isTrue();
    var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
    InvariantAssertions.eventsAreComplete(reader.events(), messages);
    assertNothingIsLeft();
  }
}
