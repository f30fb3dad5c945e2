package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.ModelMessage;
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
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits of single API keys, beside those of their project. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class KeyLimitsTest {
  private static final Set<String> ENDS = Set.of("completed", "incomplete", "failed");
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
  private static final String CHAT =
      "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";

  @Inject Jdbc jdbc;
  @Inject BudgetLedger ledger;
  @Inject ModelRegistry models;
  FakeProvider provider;

  @BeforeEach
  void resetTheProvider() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Hello there"));
  }

  private record Key(Tenant tenant, String id, ApiClient api) {
    static Key of(Tenant tenant, String body) {
      var made = tenant.admin().post("/v1/projects/" + tenant.id() + "/api_keys", body);
      assertThat(made.status()).as(made.text()).isEqualTo(200);
      return new Key(
          tenant,
          made.id(),
          tenant.admin().with("Authorization", "Bearer " + made.json().path("value").asText()));
    }

    String path() {
      return "/v1/projects/" + tenant.id() + "/api_keys/" + id + "/limits";
    }

    Key limited(String limits) {
      var answer = tenant.admin().post(path(), limits);
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      return this;
    }

    JsonNode limits() {
      var answer = api.get(path());
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      return answer.json();
    }

    long used() {
      return limits().at("/used/total/tokens").asLong();
    }

    Payer payer() {
      return new Payer(new ProjectId(tenant.id()), new ApiKeyId(id));
    }

    JsonNode run() {
      var created = new Tenant(tenant.id(), tenant.admin(), api, null).run("gpt-4o", "");
      assertThat(created.status()).as(created.text()).isEqualTo(200);
      return created.json();
    }

    JsonNode ended(JsonNode run) {
      var path =
          "/v1/threads/%s/runs/%s"
              .formatted(run.path("thread_id").asText(), run.path("id").asText());
      return await()
          .atMost(LONG_ENOUGH)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> api.get(path).json(), now -> ENDS.contains(now.path("status").asText()));
    }
  }

  private static ModelRequest hello() {
    return ModelRequest.of(
        "gpt-4o", List.of(new ModelMessage.User(List.of(new ModelPart.Text("Hello")))), List.of());
  }

  @Test
  void usageOfAKeyIsCountedForTheKeyAndForItsProject() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 100000}}}");
    var key = Key.of(tenant, "{}").limited("{\"budgets\": {\"total\": {\"tokens\": 50000}}}");
    var other = Key.of(tenant, "{}").limited("{\"count_usage\": true}");

    var run = key.ended(key.run());
    var chat = key.api().post("/v1/chat/completions", CHAT);
    other.ended(other.run());

    assertThat(run.path("status").asText()).isEqualTo("completed");
    assertThat(chat.status()).as(chat.text()).isEqualTo(200);
    assertThat(key.used())
        .isEqualTo(
            run.at("/usage/total_tokens").asLong()
                + chat.json().at("/usage/total_tokens").asLong());
    assertThat(tenant.used("total")).isEqualTo(key.used() + other.used());
    assertThat(key.limits().at("/used/reserved/tokens").asLong()).isZero();
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  @Test
  void aRunStoresTheKeyThatCreatedItByAnyProtocol() {
    var key = Key.of(Tenant.create(), "{\"name\": \"batch\"}");
    var assistant =
        key.api()
            .post(
                "/v1/assistants",
                """
                {"model": "gpt-4o", "name": "helper", "exposure": {"mcp": true, "a2a": true}}
                """)
            .id();

    key.run();
    var mcp =
        key.api()
            .with("Accept", "application/json, text/event-stream")
            .post(
                "/v1/mcp",
                """
                {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                 "params": {"name": "helper", "arguments": {"message": "Hi"}}}
                """);
    var a2a =
        key.api()
            .with("A2A-Version", "1.0")
            .post(
                "/v1/a2a/" + assistant,
                """
                {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message":
                 {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "Hello"}]}}}
                """);

    assertThat(mcp.text()).contains("Hello there");
    assertThat(a2a.json().at("/result/task/id").asText()).as(a2a.text()).isNotEmpty();
    assertThat(
            jdbc.list(
                "SELECT api_key_id FROM runs WHERE project_id = ?",
                row -> String.valueOf(row.text("api_key_id")),
                key.tenant().id()))
        .hasSize(3)
        .containsOnly(key.id());
  }

  @Test
  void aKeyWhoseBudgetIsUsedUpIsRefusedWhileOtherKeysOfTheProjectGoOn() {
    var tenant = Tenant.create();
    var key = Key.of(tenant, "{\"limits\": {\"budgets\": {\"day\": {\"tokens\": 500}}}}");
    var other = Key.of(tenant, "{}");
    provider.otherwise(
        request ->
            Reply.text("w ".repeat(request.body().path("max_completion_tokens").asInt(600))));
    key.api().post("/v1/chat/completions", CHAT);

    var refused = key.api().post("/v1/chat/completions", CHAT);

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error().path("code").asText()).isEqualTo("insufficient_quota");
    assertThat(refused.error().path("message").asText())
        .contains("the API key's budget of 500 tokens a day");
    assertThat(key.used()).isLessThanOrEqualTo(500);
    assertThat(other.api().post("/v1/chat/completions", CHAT).status()).isEqualTo(200);
  }

  @Test
  void aBudgetThatIsTooSmallForAnyCallSaysSoAndNotThatItIsUsedUp() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 50}}}");
    var larger = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 70}}}");

    var refused = tenant.api().post("/v1/chat/completions", CHAT);
    var refusedLater = larger.api().post("/v1/chat/completions", CHAT);

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error().path("message").asText())
        .contains("50 tokens a day is too small")
        .doesNotContain("used up");
    assertThat(refused.headers().firstValue("retry-after")).isEmpty();
    assertThat(refusedLater.status()).isEqualTo(429);
    assertThat(refusedLater.error().path("message").asText())
        .contains("70 tokens a day is too small for this call, which needs at least")
        .doesNotContain("used up");
    assertThat(refusedLater.headers().firstValue("retry-after")).isEmpty();
  }

  @Test
  void requestsOfAKeyAreBoundedAndOneThatIsRefusedTakesNothingFromTheProject() {
    var tenant = Tenant.limited("{\"requests_per_minute\": 10}");
    var key = Key.of(tenant, "{}").limited("{\"requests_per_minute\": 1}");
    var other = Key.of(tenant, "{}");

    var first = key.api().post("/v1/chat/completions", CHAT);
    var second = key.api().post("/v1/chat/completions", CHAT);
    var third = other.api().post("/v1/chat/completions", CHAT);

    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(first.headers().firstValue("x-ratelimit-limit-requests")).contains("1");
    assertThat(second.status()).isEqualTo(429);
    assertThat(second.error().path("message").asText()).contains("for the API key on requests");
    assertThat(third.headers().firstValue("x-ratelimit-remaining-requests")).contains("8");
  }

  @Test
  void keysOfOneProjectThatReserveAtOnceNeitherDeadlockNorExceedTheProject() throws Exception {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 1000000}}}");
    var keys =
        IntStream.range(0, 4)
            .mapToObj(
                _ ->
                    Key.of(tenant, "{}")
                        .limited("{\"budgets\": {\"total\": {\"tokens\": 300000}}}"))
            .toList();
    var model = models.require("gpt-4o").info();

    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls =
          IntStream.range(0, 80)
              .mapToObj(
                  i ->
                      callers.submit(
                          () -> {
                            var payer = keys.get(i % keys.size()).payer();
                            var reserved = ledger.reserve(payer, null, model, hello(), LONG_ENOUGH);
                            ledger.settleAndCommit(reserved, new Usage(10, 5), List.of());
                            return null;
                          }))
              .toList();
      for (var call : calls) {
        call.get();
      }
    }

    assertThat(keys).allSatisfy(key -> assertThat(key.used()).isEqualTo(20 * 15));
    assertThat(tenant.used("total")).isEqualTo(80 * 15);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  @Test
  void limitsOfAKeyAreShownToTheProjectAndSetByAdminsAlone() {
    var tenant = Tenant.create();
    var key = Key.of(tenant, "{}").limited("{\"tokens_per_minute\": 5000}");

    var shown = key.limits();

    assertThat(shown.path("object").asText()).isEqualTo("project.api_key.limits");
    assertThat(shown.path("api_key_id").asText()).isEqualTo(key.id());
    assertThat(shown.path("tokens_per_minute").asInt()).isEqualTo(5000);
    assertThat(tenant.limits().has("api_key_id")).isFalse();
    assertThat(key.api().post(key.path(), "{}").status()).isEqualTo(403);
    assertThat(Tenant.create().api().get(key.path()).status()).isEqualTo(404);
    assertThat(tenant.admin().get(key.path().replace(key.id(), "key_none")).status())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "concurrent_threads, 3",
    "tokens_per_minute, 0",
    "tokens_per_minute, '\"many\"'",
    "tokens_per_second, 3"
  })
  void limitsThatAKeyCannotHaveAreRefusedAtItsCreationAndLater(String field, String value) {
    var tenant = Tenant.create();
    var keys = "/v1/projects/" + tenant.id() + "/api_keys";
    var key = Key.of(tenant, "{}");
    var body = "{\"%s\": %s}".formatted(field, value);

    var atOnce = tenant.admin().post(keys, "{\"limits\": %s}".formatted(body));
    var later = tenant.admin().post(key.path(), body);

    assertThat(atOnce.status()).isEqualTo(400);
    assertThat(atOnce.error().path("param").asText()).isEqualTo("limits." + field);
    assertThat(later.status()).isEqualTo(400);
    assertThat(later.error().path("param").asText()).isEqualTo(field);
    assertThat(tenant.admin().get(keys).json().path("data")).hasSize(2);
  }

  @Test
  void deletingAKeyDeletesItsLimits() {
    var tenant = Tenant.create();
    var key = Key.of(tenant, "{\"limits\": {\"budgets\": {\"day\": {\"tokens\": 500}}}}");

    tenant.admin().delete("/v1/projects/" + tenant.id() + "/api_keys/" + key.id());

    for (var table : List.of("usage_limits", "usage_counters")) {
      assertThat(
              jdbc.list(
                  "SELECT scope_id FROM " + table + " WHERE project_id = ? AND scope = 'key'",
                  row -> row.text("scope_id"),
                  tenant.id()))
          .as(table)
          .isEmpty();
    }
  }

  /** Statements of the version before limits had scopes, which runs during a rolling upgrade. */
  @Test
  void nodesOfTheLastVersionCountThroughTheViews() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 100000}}}");
    jdbc.update(
        "INSERT INTO project_limits (project_id) VALUES (?) ON CONFLICT DO NOTHING", tenant.id());
    jdbc.runInTransaction(
        tx -> {
          tx.update(
              """
              WITH state AS (
                SELECT u.project_id, l.total_tokens FROM project_usage u
                JOIN project_limits l ON l.project_id = u.project_id
                WHERE u.project_id = ? FOR NO KEY UPDATE OF u)
              UPDATE project_usage u SET reserved_tokens = u.reserved_tokens + 70
              FROM state s WHERE u.project_id = s.project_id
              """,
              tenant.id());
          tx.update(
              """
              INSERT INTO budget_reservations
                (project_id, id, run_id, tokens, cost, rate_tokens, expires_at)
              VALUES (?, 'resv_old', 'run_old', 70, 0, 0, now() + interval '15 minutes')
              """,
              tenant.id());
        });

    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isEqualTo(70);
    jdbc.runInTransaction(
        tx ->
            ledger.abandon(
                tx,
                Payer.of(new ProjectId(tenant.id())),
                new RunId("run_old"),
                at -> Activity.of(Activity.MODEL_CALL, new ProjectId(tenant.id()), at)));
    assertThat(tenant.used("total")).isEqualTo(70);
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }
}
