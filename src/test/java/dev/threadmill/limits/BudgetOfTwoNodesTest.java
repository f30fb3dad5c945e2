package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
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

  @Test
  void concurrentRunsOfTwoNodesDoNotExceedABudget() throws Exception {
    int budget = 5_000;
    var tenant = limited("{\"budgets\": {\"day\": {\"tokens\": %d}}}".formatted(budget));
    cluster
        .provider()
        .otherwise(
            request ->
                Reply.text(
                    "w "
                        .repeat(
                            Math.min(90, request.body().path("max_completion_tokens").asInt()))));
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body =
        """
        {"assistant_id": "%s", "max_completion_tokens": 256,
         "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        """
            .formatted(assistant);
    var created = new ArrayList<ApiClient.Response>();
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls =
          IntStream.range(0, 80)
              .mapToObj(
                  i -> {
                    var node = tenant.api().at(cluster.node(i % 2).url());
                    return callers.submit(() -> node.post("/v1/threads/runs", body));
                  })
              .toList();
      for (Future<ApiClient.Response> call : calls) {
        created.add(call.get());
      }
    }

    long used = 0;
    for (var answer : created) {
      assertThat(answer.status()).as(answer.text()).isIn(200, 429);
      if (answer.status() == 200) {
        used += ended(tenant, answer.json()).at("/usage/total_tokens").asLong();
      }
    }

    assertThat(used).isBetween(budget * 9L / 10, (long) budget);
    assertThat(tenant.used("day")).isEqualTo(used);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
    var late = tenant.api().at(cluster.node(1).url()).post("/v1/threads/runs", body);
    assertThat(late.status()).as(late.text()).isIn(200, 429);
    if (late.status() == 200) {
      assertThat(ended(tenant, late.json()).at("/last_error/code").asText())
          .isEqualTo("rate_limit_exceeded");
    }
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
