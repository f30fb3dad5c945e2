package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.Usage;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Budgets of tokens, which are never exceeded. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class BudgetsTest {
  private static final Set<String> ENDS = Set.of("completed", "incomplete", "failed");
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

  /** The prompt tokens that the provider reports. */
  private static final int PROMPT = 10;

  @Inject SettableClock clock;
  @Inject BudgetLedger ledger;
  @Inject ModelRegistry models;
  @Inject Jdbc jdbc;
  FakeProvider provider;

  @BeforeEach
  void resetTheProvider() {
    provider.reset();
  }

  @AfterEach
  void resetTheClock() {
    clock.reset();
  }

  /** Answers with this many words, bounded by the request. */
  private static Function<FakeProvider.Request, Reply> words(int most) {
    return request ->
        Reply.text(
            "w ".repeat(Math.min(most, request.body().path("max_completion_tokens").asInt(most))));
  }

  private static JsonNode ended(Tenant tenant, JsonNode run) {
    return await()
        .atMost(LONG_ENOUGH)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> tenant.get(run), now -> ENDS.contains(now.path("status").asText()));
  }

  @Test
  void theUsageOfARunIsCountedAndNothingStaysReserved() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 100000}}}");
    provider.otherwise(words(7));

    var run = ended(tenant, tenant.run("gpt-4o", "").json());

    assertThat(run.path("status").asText()).isEqualTo("completed");
    assertThat(run.at("/usage/total_tokens").asInt()).isEqualTo(PROMPT + 7);
    var used = tenant.limits().path("used");
    for (var period : List.of("day", "month", "total")) {
      assertThat(used.at("/" + period + "/tokens").asInt()).as(period).isEqualTo(PROMPT + 7);
    }
    assertThat(used.at("/reserved/tokens").asInt()).isZero();
  }

  @Test
  void aHundredConcurrentRunsDoNotExceedASmallBudget() throws Exception {
    int budget = 4_000;
    var tenant = Tenant.limited("{\"budgets\": {\"month\": {\"tokens\": %d}}}".formatted(budget));
    provider.otherwise(words(60));
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body =
        """
        {"assistant_id": "%s", "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        """
            .formatted(assistant);

    List<ApiClient.Response> created;
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls =
          IntStream.range(0, 100)
              .mapToObj(_ -> callers.submit(() -> tenant.api().post("/v1/threads/runs", body)))
              .toList();
      created = new ArrayList<>();
      for (var call : calls) {
        created.add(call.get());
      }
    }
    var runs =
        created.stream()
            .filter(answer -> answer.status() == 200)
            .map(answer -> ended(tenant, answer.json()))
            .toList();

    long used = runs.stream().mapToLong(run -> run.at("/usage/total_tokens").asLong()).sum();
    assertThat(used).isLessThanOrEqualTo(budget);
    assertThat(used).as("it is used, not only guarded").isGreaterThan(budget * 9L / 10);
    assertThat(tenant.used("month")).isEqualTo(used);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
    var stopped =
        runs.stream()
            .filter(run -> run.at("/incomplete_details/limit").asText().equals("project_budget"))
            .toList();
    assertThat(runs).noneMatch(run -> run.path("status").asText().equals("failed"));
    assertThat(stopped.size() + created.size() - runs.size()).isGreaterThan(0);
  }

  @Test
  void aRunWaitsWhileTheBudgetIsOnlyReservedByAnotherOne() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 3000}}}");
    var gate = new ReplyGate();
    provider.reply(Reply.text("the first").withGate(gate));
    var first = tenant.run("gpt-4o", "").json();
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 1);

    var second = tenant.run("gpt-4o", "").json();
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.get(second).path("status").asText().equals("in_progress"));
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isGreaterThan(2_000);
    assertThat(provider.requests()).hasSize(1);
    gate.open();

    assertThat(ended(tenant, first).path("status").asText()).isEqualTo("completed");
    assertThat(ended(tenant, second).path("status").asText()).isEqualTo("completed");
  }

  @Test
  void aRunThatWaitsForTheBudgetCanBeCancelled() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 3000}}}");
    var gate = new ReplyGate();
    provider.reply(Reply.text("the first").withGate(gate));
    var first = tenant.run("gpt-4o", "").json();
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 1);
    var second = tenant.run("gpt-4o", "").json();

    tenant
        .api()
        .post(
            "/v1/threads/%s/runs/%s/cancel"
                .formatted(second.path("thread_id").asText(), second.path("id").asText()),
            "{}");

    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.get(second).path("status").asText().equals("cancelled"));
    gate.open();
    ended(tenant, first);
    assertThat(tenant.used("total")).isEqualTo(PROMPT + 2);
  }

  @Test
  void anAnswerIsNoLongerThanTheRestOfTheBudget() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 200}}}");
    provider.otherwise(words(5_000));

    var run = ended(tenant, tenant.run("gpt-4o", "").json());

    assertThat(provider.lastRequest().body().path("max_completion_tokens").asInt())
        .isBetween(64, 200);
    assertThat(tenant.used("total")).isLessThanOrEqualTo(200);
    assertThat(run.path("status").asText()).isIn("completed", "incomplete");
  }

  @Test
  void aCallThatTheBudgetDoesNotCoverIsNotMade() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 80}}}");

    var run = ended(tenant, tenant.run("gpt-4o", "").json());

    assertThat(run.path("status").asText()).isEqualTo("incomplete");
    assertThat(run.at("/incomplete_details/limit").asText()).isEqualTo("project_budget");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void aDayLaterThereIsANewBudget() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 300}}}");
    provider.otherwise(words(250));
    ended(tenant, tenant.run("gpt-4o", "").json());
    var used = tenant.used("day");
    assertThat(used).isGreaterThan(100);

    clock.advance(Duration.ofDays(1));

    assertThat(tenant.used("day")).isZero();
    assertThat(tenant.used("total")).isEqualTo(used);
    assertThat(ended(tenant, tenant.run("gpt-4o", "").json()).path("status").asText())
        .isIn("completed", "incomplete");
    assertThat(tenant.used("total")).isEqualTo(used + tenant.used("day"));
  }

  @Test
  void anExpiredReservationCountsAsUsed() throws Exception {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 100000}}}");
    var project = new ProjectId(tenant.id());
    var lost =
        ledger.reserve(
            Payer.of(project), null, models.require("gpt-4o").info(), hello(), LONG_ENOUGH);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isEqualTo(lost.tokens());

    clock.advance(ReservationStore.MAX_CALL_TIME.plusSeconds(1));

    assertThat(tenant.used("total")).isEqualTo(lost.tokens());
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
    ledger.settleAndCommit(lost, new Usage(1, 1), List.of());
    assertThat(tenant.used("total")).as("not counted twice").isEqualTo(lost.tokens());
  }

  @Test
  void anExpiredReservationDoesNotBlockTheNextCall() throws Exception {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 4000}}}");
    var project = new ProjectId(tenant.id());
    ledger.reserve(Payer.of(project), null, models.require("gpt-4o").info(), hello(), LONG_ENOUGH);
    clock.advance(Duration.ofDays(1));
    provider.otherwise(words(3));

    var run = ended(tenant, tenant.run("gpt-4o", "").json());

    assertThat(run.path("status").asText()).isEqualTo("completed");
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  @Test
  void theLostCallOfARunThatIsTakenOverCountsAsUsed() throws Exception {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 100000}}}");
    var project = new ProjectId(tenant.id());
    var run = new RunId("run_of_a_dead_node");
    var lost =
        ledger.reserve(
            Payer.of(project), run, models.require("gpt-4o").info(), hello(), LONG_ENOUGH);
    var mine =
        ledger.reserve(
            Payer.of(project), null, models.require("gpt-4o").info(), hello(), LONG_ENOUGH);

    jdbc.runInTransaction(
        tx ->
            ledger.abandon(
                tx, Payer.of(project), run, at -> Activity.of(Activity.MODEL_CALL, project, at)));

    assertThat(tenant.used("total")).isEqualTo(lost.tokens());
    ledger.settleAndCommit(mine, new Usage(3, 4), List.of());
    assertThat(tenant.used("total")).isEqualTo(lost.tokens() + 7);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  @Test
  void modelCallsOutsideOfRunsAreCountedAndBounded() throws Exception {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 300}}}");
    provider.otherwise(words(250));
    var model =
        ledger.metered(
            CallSource.of(Payer.of(new ProjectId(tenant.id())), ModelOperation.CHAT),
            models.require("gpt-4o"),
            Duration.ofSeconds(5));

    var answer = model.answer(hello(), _ -> {});

    assertThat(tenant.used("total")).isEqualTo(answer.usage().totalTokens()).isLessThan(301);
    var refused =
        catchThrowableOfType(LimitReachedException.class, () -> model.answer(hello(), _ -> {}));
    assertThat(refused.isQuota()).isTrue();
  }

  @Test
  void limitsCostNothingForAProjectWithoutAny() {
    var free = Tenant.create();
    var limited = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 1000000}}}");
    provider.otherwise(words(3));

    var plain = cheapest(free);
    var counted = cheapest(limited);

    assertThat(plain.commits()).isEqualTo(2);
    assertThat(counted.commits()).isEqualTo(3);
    // The query of the request, the reservation, and its settlement.
    assertThat(counted.statements() - plain.statements()).isEqualTo(3);
  }

  private record Work(long statements, long commits) {}

  /** Of several runs, since background work of the server may add statements. */
  private Work cheapest(Tenant tenant) {
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body =
        """
        {"assistant_id": "%s", "stream": true,
         "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
        """
            .formatted(assistant);
    long statements = Long.MAX_VALUE;
    long commits = Long.MAX_VALUE;
    for (int i = 0; i < 8; i++) {
      long before = jdbc.statements();
      long committed = jdbc.commits();
      try (var stream = tenant.api().stream("/v1/threads/runs", body)) {
        stream.rest();
      }
      statements = Math.min(statements, jdbc.statements() - before);
      commits = Math.min(commits, jdbc.commits() - committed);
    }
    return new Work(statements, commits);
  }

  private static ModelRequest hello() {
    return ModelRequest.of(
        "gpt-4o", List.of(new ModelMessage.User(List.of(new ModelPart.Text("Hello")))), List.of());
  }

  @Test
  void embeddingsCountAgainstTheBudgetAndAreRefusedWhenItDoesNotCoverThem() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 500}}}");
    var small = "{\"model\": \"text-embedding-3-small\", \"input\": [\"one\", \"two\"]}";
    var large = "{\"model\": \"local\", \"input\": \"%s\"}".formatted("word ".repeat(2000));

    assertThat(tenant.api().post("/v1/embeddings", small).status()).isEqualTo(200);
    var refused = tenant.api().post("/v1/embeddings", large);

    assertThat(refused.status()).as(refused.text()).isEqualTo(429);
    assertThat(refused.error().path("code").asText()).isEqualTo("insufficient_quota");
    assertThat(tenant.used("total")).isEqualTo(2);
    provider.embeddingsDown(true);
    tenant.api().post("/v1/embeddings", small);
    provider.embeddingsDown(false);
    assertThat(tenant.used("total")).isGreaterThan(2);
  }

  @Test
  void embeddingsCountAlsoIfTheClientDisconnects() throws IOException {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 500}}}");
    var body = "{\"model\": \"text-embedding-3-small\", \"input\": [\"nobody waits\"]}";
    var server = URI.create(ApiClient.base());
    provider.embeddingsSilent(true);
    try (var socket = new Socket(server.getHost(), server.getPort())) {
      socket
          .getOutputStream()
          .write(
              "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(tenant.key(), body.length(), body)
                  .getBytes(StandardCharsets.UTF_8));
      await()
          .until(
              () ->
                  provider.embeddingsRequests().stream()
                      .anyMatch(sent -> sent.body().toString().contains("nobody waits")));
    } finally {
      provider.embeddingsSilent(false);
    }

    await().untilAsserted(() -> assertThat(tenant.used("total")).isPositive());
  }
}
