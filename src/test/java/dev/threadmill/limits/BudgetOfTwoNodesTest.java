package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A budget holds for all nodes together, also when one of them crashes within a call. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BudgetOfTwoNodesTest {
  private static final Set<String> ENDS = Set.of("completed", "incomplete", "failed");
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
  private static final int PROMPT = 10;

  /** A call is not made with less: its prompt with a margin, and 64 tokens of an answer. */
  private static final int SHORT_CALL = PROMPT + PROMPT / 4 + 16 + 64;

  private Cluster cluster;

  @BeforeAll
  void startNodes() {
    cluster = Cluster.of(2).with("THREADMILL_LEASE", "2s").start();
  }

  @AfterAll
  void endNodes() {
    cluster.close();
  }

  @BeforeEach
  void forget() {
    cluster.provider().reset();
  }

  private Tenant limited(String limits) {
    var tenant = Tenant.of(cluster.admin(cluster.node(0)));
    tenant.limit(limits);
    return tenant;
  }

  private static JsonNode ended(Tenant tenant, JsonNode run) {
    return await()
        .atMost(LONG_ENOUGH)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> tenant.get(run), now -> ENDS.contains(now.path("status").asText()));
  }

  /** Twenty clients of three nodes; one node is killed while they have calls in progress. */
  @Test
  void clientsOfThreeNodesDoNotExceedABudgetWhileANodeIsKilled() throws Exception {
    int budget = 20_000;
    var tenant = limited("{\"budgets\": {\"day\": {\"tokens\": %d}}}".formatted(budget));
    cluster
        .provider()
        .otherwise(
            request ->
                Reply.text(
                        "w "
                            .repeat(
                                Math.min(90, request.body().path("max_completion_tokens").asInt())))
                    .withPause(2));
    var dying = cluster.add();
    cluster.start();
    var nodes = List.of(cluster.node(0), cluster.node(1), dying);
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body =
        """
        {"assistant_id": "%s", "max_completion_tokens": 256,
         "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        """
            .formatted(assistant);
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new ArrayList<Future<Void>>();
      for (int i = 0; i < 20; i++) {
        var api = tenant.api().at(nodes.get(i % 3).url());
        boolean isKilled = i % 3 == 2;
        all.add(clients.submit(() -> spend(tenant, api, body, isKilled)));
      }
      await().atMost(LONG_ENOUGH).until(() -> runs(tenant, "status = 'completed'") > 40);
      dying.kill();
      for (var client : all) {
        client.get();
      }
    }
    // The response of a run that the killed node has created may be lost.
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> runs(tenant, "status NOT IN ('completed', 'incomplete', 'failed')") == 0);

    assertThat(runs(tenant, "status = 'failed'")).as(cluster.logs()).isZero();
    long used = number(tenant, "sum(prompt_tokens + completion_tokens)", "true");
    var sum = usage(tenant);
    long lost = sum.path("lost_tokens").asLong();
    assertThat(sum.path("total_tokens").asLong()).as("adds up to the token").isEqualTo(used);
    assertThat(tenant.used("day")).isEqualTo(used + lost).isLessThanOrEqualTo(budget);
    assertThat(budget - tenant.used("day")).as("too little for a call").isLessThan(SHORT_CALL);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  /** Has one run after the other until the budget is used up, or the node is gone. */
  private static Void spend(Tenant tenant, ApiClient api, String body, boolean isKilled) {
    while (true) {
      ApiClient.Response answer;
      try {
        answer = api.post("/v1/threads/runs", body);
      } catch (RuntimeException e) {
        assertThat(isKilled).as(String.valueOf(e)).isTrue();
        return null;
      }
      if (answer.status() == 429) {
        return null;
      }
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      var limit = ended(tenant, answer.json()).at("/incomplete_details/limit").asText();
      if (!limit.isEmpty()) {
        assertThat(limit).isEqualTo("project_budget");
        return null;
      }
    }
  }

  private long runs(Tenant tenant, String condition) {
    return number(tenant, "count(*)", condition);
  }

  /** An aggregate of the project's runs. */
  private long number(Tenant tenant, String aggregate, String condition) {
    try (var connection = cluster.connect();
        var statement =
            connection.prepareStatement(
                "SELECT %s FROM runs WHERE project_id = ? AND %s"
                    .formatted(aggregate, condition))) {
      statement.setString(1, tenant.id());
      try (var result = statement.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The usage of the project, all of it on one day. */
  private static JsonNode usage(Tenant tenant) {
    var answer = tenant.api().get("/v1/projects/%s/usage".formatted(tenant.id()));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    var results = new ArrayList<JsonNode>();
    answer.json().path("data").forEach(bucket -> bucket.path("results").forEach(results::add));
    assertThat(results).hasSize(1);
    return results.getFirst();
  }

  @Test
  void concurrentRunsAreCountedOverAllNodes() throws Exception {
    var tenant = limited("{\"concurrent_threads\": 3}");
    cluster.provider().otherwise(_ -> Reply.text("a b c").withPause(20));
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body = "{\"assistant_id\": \"%s\"}".formatted(assistant);
    var created = new ArrayList<JsonNode>();
    for (int i = 0; i < 24; i++) {
      created.add(tenant.api().at(cluster.node(i % 2).url()).post("/v1/threads/runs", body).json());
    }

    int most = 0;
    try (var connection = cluster.connect();
        var statement =
            connection.prepareStatement(
                """
                SELECT count(*) FILTER (WHERE status = 'in_progress'),
                       count(*) FILTER (WHERE status <> 'completed')
                FROM runs WHERE project_id = ?
                """)) {
      statement.setString(1, tenant.id());
      long deadline = System.nanoTime() + LONG_ENOUGH.toNanos();
      while (System.nanoTime() < deadline) {
        try (var now = statement.executeQuery()) {
          now.next();
          most = Math.max(most, now.getInt(1));
          if (now.getInt(2) == 0) {
            break;
          }
        }
      }
    }

    created.forEach(
        run -> assertThat(ended(tenant, run).path("status").asText()).isEqualTo("completed"));
    assertThat(most).isBetween(1, 3);
  }

  @Test
  void reservationsOfADeadNodeCountAsUsedAndDoNotStayReserved() {
    var tenant = limited("{\"budgets\": {\"day\": {\"tokens\": 100000}}}");
    cluster.provider().reply(Reply.text("one two three").hangAfter(2), Reply.text("one two"));
    var third = cluster.add();
    cluster.start();
    var dying = new Tenant(tenant.id(), tenant.admin(), tenant.api().at(third.url()), tenant.key());
    var run = dying.run("gpt-4o", "").json();
    await().atMost(LONG_ENOUGH).until(() -> cluster.provider().requests().size() == 1);
    long reserved = tenant.limits().at("/used/reserved/tokens").asLong();
    assertThat(reserved).isGreaterThan(1_000);

    third.kill();

    assertThat(ended(tenant, run).path("status").asText())
        .as(cluster.logs())
        .isEqualTo("completed");
    assertThat(tenant.used("day")).isEqualTo(reserved + PROMPT + 2);
    assertThat(usage(tenant).path("lost_tokens").asLong()).isEqualTo(reserved);
    assertThat(usage(tenant).path("total_tokens").asLong()).isEqualTo(PROMPT + 2);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }
}
