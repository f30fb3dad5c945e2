package dev.threadmill.crash;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.BackgroundStream;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three nodes with assistants that call each other, and a node that is killed meanwhile. */
class RoutingUnderFailureTest {
  private static final int ASSISTANTS = 10;
  private static final int RUNS = 500;
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(240);
  private static Cluster cluster;

  @BeforeAll
  static void begin() {
    cluster = Cluster.of(3).with("THREADMILL_LEASE", "2s").withoutIndexing();
    // Less capacity than runs: a caller that kept its capacity while waiting would block forever.
    cluster
        .nodes()
        .forEach(
            node ->
                node.withJvmOption("-Dthreadmill.runs.sweep-every=300ms")
                    .withJvmOption("-Dthreadmill.runs.concurrency=40"));
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  @BeforeEach
  void allNodesAreUp() {
    cluster.start();
    cluster.provider().reset();
  }

  @Test
  void tenAssistantsThatCallEachOtherInFiveHundredRunsAllEndAcrossAKill() throws Exception {
    var survivor = cluster.api(cluster.node(0));
    var assistants = assistants(survivor);
    cluster.provider().otherwise(RoutingUnderFailureTest::askOthers);
    var roots = ConcurrentHashMap.<String>newKeySet();
    var acknowledged = new AtomicInteger();

    try (var clients = Executors.newFixedThreadPool(24)) {
      var posts =
          IntStream.range(0, RUNS)
              .mapToObj(
                  i ->
                      clients.submit(
                          () -> {
                            roots.add(start(i, assistants.get(i % ASSISTANTS)));
                            if (acknowledged.incrementAndGet() == RUNS * 3 / 5) {
                              cluster.node(2).kill();
                            }
                          }))
              .toList();
      for (var post : posts) {
        post.get();
      }
    }

    try (var database = cluster.connect()) {
      await(cluster.logs())
          .atMost(LONG_ENOUGH)
          .pollInterval(Duration.ofMillis(250))
          .until(
              () ->
                  count(
                          database,
                          "status IN ('queued', 'in_progress', 'requires_action', 'cancelling')")
                      == 0);
      System.out.printf(
          "storm: %d runs, of them %d below another, %d handed over, deepest %d%n",
          count(database, "true"),
          count(database, "parent_run_id IS NOT NULL"),
          count(database, "handoff"),
          number(database, "SELECT max(jsonb_array_length(callers)) FROM runs"));
      assertThat(count(database, "status <> 'completed'"))
          .as(() -> "did not complete: " + errors(database))
          .isZero();
      assertThat(roots).hasSize(RUNS);
      assertThat(count(database, "parent_run_id IS NOT NULL")).isGreaterThan(RUNS);
      assertThat(count(database, "handoff")).isPositive();
      assertThat(
              number(
                  database,
                  """
                  SELECT count(*) FROM runs c WHERE c.parent_run_id IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM tool_calls t WHERE t.thread_id = c.parent_thread_id
                      AND t.run_id = c.parent_run_id AND t.id = c.parent_call_id
                      AND t.routing ->> 'run_id' = c.id AND t.output IS NOT NULL)
                  """))
          .as("runs that no call knows of")
          .isZero();
      assertThat(number(database, "SELECT count(*) FROM tool_calls WHERE routing IS NOT NULL"))
          .as("calls, each of which has one run")
          .isEqualTo(count(database, "parent_run_id IS NOT NULL"));
      assertThat(
              number(
                  database,
                  """
                  SELECT count(*) FROM tool_calls t
                  JOIN runs c ON c.id = t.routing ->> 'run_id' AND NOT c.handoff
                  WHERE t.output <> (SELECT m.content -> 0 -> 'text' ->> 'value' FROM messages m
                    WHERE m.thread_id = c.thread_id AND m.run_id = c.id AND m.status = 'completed'
                    ORDER BY m.created_at DESC LIMIT 1)
                  """))
          .as("results that differ from the answers")
          .isZero();
      assertThat(
              number(
                  database,
                  """
                  SELECT count(*) FROM runs p WHERE p.completion_tokens < (
                    SELECT coalesce(sum(c.completion_tokens), 0) FROM runs c
                    WHERE c.parent_run_id = p.id)
                  """))
          .as("runs that have not counted what those below have spent")
          .isZero();
      InvariantAssertions.noLeftovers(database);
    }
  }

  /** What runs that did not complete say of themselves. */
  private static String errors(Connection database) {
    try (var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT string_agg(concat_ws(' ', id, status, attempt, last_error), '; ')
                FROM runs WHERE status <> 'completed'
                """)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      return e.toString();
    }
  }

  private static long count(Connection database, String where) {
    return number(database, "SELECT count(*) FROM runs WHERE " + where);
  }

  private static long number(Connection database, String sql) {
    try (var statement = database.createStatement();
        var results = statement.executeQuery(sql)) {
      results.next();
      return results.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Every third assistant hands off, the others delegate; each can call all others. */
  private static List<String> assistants(ApiClient api) {
    var ids = new ArrayList<String>();
    for (int i = 0; i < ASSISTANTS; i++) {
      ids.add(
          api.post("/v1/assistants", "{\"model\": \"m\", \"name\": \"Agent %d\"}".formatted(i))
              .id());
    }
    for (int i = 0; i < ASSISTANTS; i++) {
      var id = ids.get(i);
      var others =
          ids.stream()
              .filter(other -> !other.equals(id))
              .collect(Collectors.joining("\", \"", "\"", "\""));
      var changed =
          api.post(
              "/v1/assistants/" + id,
              "{\"tools\": [{\"type\": \"agent_routing\", \"targets\": [%s], \"mode\": \"%s\"}]}"
                  .formatted(others, i % 3 == 2 ? "handoff" : "delegate"));
      assertThat(changed.status()).as(changed.text()).isEqualTo(200);
    }
    return ids;
  }

  /** A model that calls others to the requested depth, and answers when it has their answers. */
  private static Reply askOthers(FakeProvider.Request request) {
    var messages = request.body().path("messages");
    var last = messages.get(messages.size() - 1);
    var text = last.path("content").toString().replaceAll("\\D+", " ").strip();
    if (last.path("role").asText().equals("tool") || text.isEmpty()) {
      return Reply.text("Answered.");
    }
    var numbers = text.split(" ");
    int depth = Integer.parseInt(numbers[0]);
    int seed = Integer.parseInt(numbers[1]);
    if (depth == 0) {
      return Reply.text("Answered " + seed + ".");
    }
    var tools = request.body().path("tools");
    boolean handsOver =
        tools.get(0).at("/function/description").asText().startsWith("Hands the conversation");
    int calls = handsOver ? 1 : 1 + (seed + depth) % 2;
    return Reply.calls(
        IntStream.range(0, calls)
            .mapToObj(
                i ->
                    new Reply.Call(
                        "call" + i,
                        tools
                            .get((seed + 3 * depth + 5 * i) % tools.size())
                            .at("/function/name")
                            .asText(),
                        "{\"message\": \"depth %d seed %d\"}".formatted(depth - 1, seed + i)))
            .toArray(Reply.Call[]::new));
  }

  /** Trees of all depths, most of them small: many trees matter here, not many runs. */
  private static int depth(int number) {
    return switch (number % 10) {
      case 0 -> 3;
      case 1, 2 -> 2;
      default -> 1;
    };
  }

  /** Starts a run on one of the nodes, or on the first if that one has crashed. */
  private static String start(int number, String assistant) {
    var body =
        """
        {"assistant_id": "%s",
         "thread": {"messages": [{"role": "user", "content": "depth %d seed %d"}]}}
        """
            .formatted(assistant, depth(number), number);
    var node = cluster.node(number % 3);
    if (number % 3 == 2 && !node.isAlive()) {
      node = cluster.node(0);
    }
    try {
      // On a busy machine all connections may be in use for a while; the SDKs repeat such a
      // request.
      var api = cluster.api(node).with("Idempotency-Key", UUID.randomUUID().toString());
      var created =
          await()
              .atMost(Duration.ofMinutes(1))
              .until(() -> api.post("/v1/threads/runs", body), answer -> answer.status() != 503);
      assertThat(created.status()).as(created.text()).isEqualTo(200);
      return created.id();
    } catch (UncheckedIOException e) {
      return cluster.api(cluster.node(0)).post("/v1/threads/runs", body).id();
    }
  }

  @Test
  void aCallerAndItsTargetContinueOnAnotherNodeAfterACrashAndTheStreamIsComplete() {
    var api = cluster.api(cluster.node(0));
    var target = api.post("/v1/assistants", "{\"model\": \"t\", \"name\": \"Target\"}").id();
    var caller =
        api.post(
                "/v1/assistants",
                "{\"model\": \"c\", \"tools\": [{\"type\": \"agent_routing\", \"targets\": [\"%s\"]}]}"
                    .formatted(target))
            .id();
    var gate = new ReplyGate();
    cluster
        .provider()
        .replyTo(
            "c",
            Reply.call("route_to_target", "{\"message\": \"Go on.\"}"),
            Reply.text("It is done."))
        .replyTo("t", Reply.text("one two three").withGate(gate), Reply.text("Done."));
    var victim = cluster.node(2);
    var run =
        cluster
            .api(victim)
            .post(
                "/v1/threads/runs",
                "{\"assistant_id\": \"%s\", \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Go\"}]}}"
                    .formatted(caller))
            .json();
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 1);
    var path = path(run);
    try (var stream =
        BackgroundStream.open(cluster.node(1).url() + path + "/events", cluster.apiKey(), null)) {
      victim.kill();
      gate.open();

      stream.awaitEnd(LONG_ENOUGH);
      assertThat(stream.text()).isEqualTo("It is done.");
      assertThat(stream.names())
          .containsOnlyOnce("thread.run.in_progress", "thread.run.completed")
          .doesNotContain("thread.run.step.failed");
    }
    var call = api.get(path + "/steps?order=asc").json().at("/data/0/step_details/tool_calls/0");
    // The other nodes claim runs as well, so the target may not have been on the killed node.
    assertThat(call.at("/function/output").asText()).isIn("Done.", "one two three");
    assertThat(api.get(path + "/tree").json().path("children")).hasSize(1);
  }
}
