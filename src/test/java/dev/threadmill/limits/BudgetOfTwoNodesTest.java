package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
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

  /**
   * Twenty clients of three nodes, of which one is killed while all of them have calls in progress.
   */
  @Test
  void clientsOfThreeNodesDoNotExceedABudgetWhileANodeIsKilled() throws Exception {
    int budget = 40_000;
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
    var created = new ConcurrentLinkedQueue<JsonNode>();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 20; i++) {
        var api = tenant.api().at(nodes.get(i % 3).url());
        boolean isKilled = i % 3 == 2;
        clients.submit(() -> createRuns(api, body, isKilled, created));
      }
      await().atMost(LONG_ENOUGH).until(() -> created.size() > 40);
      dying.kill();
    }

    long used = 0;
    int ofBudget = 0;
    for (var run : created) {
      var now = ended(tenant, run);
      used += now.at("/usage/total_tokens").asLong();
      ofBudget += now.at("/incomplete_details/reason").asText().equals("project_budget") ? 1 : 0;
      assertThat(now.path("status").asText()).isNotEqualTo("failed");
    }

    var usage = tenant.api().get("/v1/projects/%s/usage".formatted(tenant.id())).json();
    long counted = 0;
    long lost = 0;
    for (var bucket : usage.path("data")) {
      for (var result : bucket.path("results")) {
        counted += result.path("total_tokens").asLong();
        lost += result.path("lost_tokens").asLong();
      }
    }
    assertThat(counted).as("usage adds up to the token").isEqualTo(used);
    assertThat(tenant.used("day")).isEqualTo(used + lost).isLessThanOrEqualTo(budget);
    long most = PROMPT * 2L + 16 + 256;
    assertThat(budget - tenant.used("day")).as("what one call may reserve").isLessThan(most);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
    assertThat(ofBudget).isNotNegative();
  }

  /** Creates runs, one after the other, until the budget is used up or the node is gone. */
  private static Void createRuns(
      ApiClient api, String body, boolean isKilled, Collection<JsonNode> created) {
    for (int i = 0; i < 60; i++) {
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
      created.add(answer.json());
    }
    return null;
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

    assertThat(ended(tenant, run).path("status").asText()).isEqualTo("completed");
    assertThat(tenant.used("day")).isEqualTo(reserved + PROMPT + 2);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }
}
