package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Budgets of assistants, threads and runs, and alerts. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(value = FakeProviderResource.class, restrictToAnnotatedClass = true)
@QuarkusTestResource(value = PricedModels.class, restrictToAnnotatedClass = true)
class ScopedBudgetsTest {
  private static final Set<String> ENDS = Set.of("completed", "incomplete", "failed", "expired");
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);

  @Inject SettableClock clock;
  @Inject OutboxDelivery outbox;
  @Inject BudgetAlerts sink;
  FakeProvider provider;

  @BeforeEach
  @AfterEach
  void reset() {
    provider.reset();
    clock.reset();
  }

  private static JsonNode ended(Tenant tenant, JsonNode run) {
    return await()
        .atMost(LONG_ENOUGH)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> tenant.get(run), now -> ENDS.contains(now.path("status").asText()));
  }

  private void answerAsLongAsAllowed() {
    provider.otherwise(
        request ->
            Reply.text("w ".repeat(request.body().path("max_completion_tokens").asInt(100))));
  }

  private static void limit(Tenant tenant, String path, String limits) {
    var answer = tenant.api().post(path, limits);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private static JsonNode run(Tenant tenant, String assistant, String thread, String more) {
    var answer =
        tenant
            .api()
            .post(
                "/v1/threads/" + thread + "/runs",
                "{\"assistant_id\": \"%s\" %s}".formatted(assistant, more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return ended(tenant, answer.json());
  }

  private static String thread(Tenant tenant) {
    return tenant
        .api()
        .post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}")
        .id();
  }

  private static String assistant(Tenant tenant, String more) {
    return tenant.api().post("/v1/assistants", "{\"model\": \"priced\" %s}".formatted(more)).id();
  }

  private static String reason(JsonNode run) {
    return run.path("status").asText() + " " + run.at("/incomplete_details/limit").asText();
  }

  @Test
  void theBudgetOfAnAssistantHoldsForAllItsThreads() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    var other = assistant(tenant, "");
    var path = "/v1/assistants/" + assistant + "/limits";
    limit(tenant, path, "{\"budgets\": {\"day\": {\"tokens\": 400}}}");
    answerAsLongAsAllowed();

    run(tenant, assistant, thread(tenant), "");
    var second = run(tenant, assistant, thread(tenant), "");

    assertThat(reason(second)).isEqualTo("incomplete assistant_budget");
    var limits = tenant.api().get(path).json();
    assertThat(limits.path("object").asText()).isEqualTo("assistant.limits");
    assertThat(limits.path("assistant_id").asText()).isEqualTo(assistant);
    assertThat(limits.at("/used/day/tokens").asInt()).isBetween(300, 400);
    assertThat(limits.at("/used/reserved/tokens").asInt()).isZero();
    provider.otherwise(_ -> Reply.text("one"));
    assertThat(run(tenant, other, thread(tenant), "").path("status").asText())
        .isEqualTo("completed");
  }

  @Test
  void theBudgetOfAThreadGoesWithIt() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    var thread = thread(tenant);
    var path = "/v1/threads/" + thread + "/limits";
    limit(tenant, path, "{\"budgets\": {\"total\": {\"tokens\": 400}}}");
    answerAsLongAsAllowed();

    run(tenant, assistant, thread, "");

    assertThat(reason(run(tenant, assistant, thread, ""))).isEqualTo("incomplete thread_budget");
    assertThat(tenant.api().get(path).json().at("/used/total/tokens").asInt()).isBetween(300, 400);
    tenant.api().delete("/v1/threads/" + thread);
    assertThat(tenant.api().get(path).status()).isEqualTo(404);
  }

  @Test
  void theBudgetOfARunBoundsItsAnswerByTokensAndByMoney() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    answerAsLongAsAllowed();

    var ofTokens = run(tenant, assistant, thread(tenant), ", \"budget\": {\"tokens\": 300}");
    // At ten and a hundred dollars a million tokens.
    var ofMoney = run(tenant, assistant, thread(tenant), ", \"budget\": {\"cost\": 0.02}");
    var tooSmall = run(tenant, assistant, thread(tenant), ", \"budget\": {\"tokens\": 20}");

    assertThat(ofTokens.at("/usage/total_tokens").asInt()).isBetween(200, 300);
    assertThat(ofTokens.at("/budget/tokens").asInt()).isEqualTo(300);
    assertThat(ofMoney.at("/usage/cost").asDouble()).isBetween(0.01, 0.02);
    assertThat(reason(tooSmall)).isEqualTo("incomplete run_budget");
  }

  @Test
  void theBudgetOfARunBoundsItsToolCallsAndItsTime() {
    var tenant = Tenant.create();
    var tool =
        ", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"look\", \"parameters\": {}}}]";
    var assistant = assistant(tenant, tool + ", \"budget\": {\"tool_calls\": 1}");
    var patient = assistant(tenant, tool);
    provider.otherwise(
        _ ->
            Reply.calls(
                new Reply.Call("call_1", "look", "{}"), new Reply.Call("call_2", "look", "{}")));

    assertThat(reason(run(tenant, assistant, thread(tenant), "")))
        .isEqualTo("incomplete max_tool_calls");

    var waiting =
        tenant
            .api()
            .post(
                "/v1/threads/" + thread(tenant) + "/runs",
                "{\"assistant_id\": \"%s\", \"budget\": {\"seconds\": 60}}".formatted(patient))
            .json();
    assertThat(waiting.path("expires_at").asLong() - waiting.path("created_at").asLong())
        .isEqualTo(60);
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.get(waiting).path("status").asText().equals("requires_action"));
    clock.advance(Duration.ofSeconds(61));
    assertThat(reason(ended(tenant, waiting))).isEqualTo("incomplete max_seconds");
  }

  @Test
  void theBudgetOfAUserHoldsForItsThreadsAndItsChatCompletions() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    var path = "/v1/projects/" + tenant.id() + "/users/u_1/limits";
    limit(tenant, path, "{\"budgets\": {\"day\": {\"tokens\": 400}}}");
    answerAsLongAsAllowed();

    run(tenant, assistant, threadOf(tenant, "u_1"), "");
    var second = run(tenant, assistant, threadOf(tenant, "u_1"), "");
    var chat = "{\"model\": \"priced\", \"user\": \"%s\", \"messages\": [%s]}";
    var message = "{\"role\": \"user\", \"content\": \"Hello\"}";

    assertThat(reason(second)).isEqualTo("incomplete user_budget");
    var limits = tenant.api().get(path).json();
    assertThat(limits.path("object").asText()).isEqualTo("user.limits");
    assertThat(limits.path("user_id").asText()).isEqualTo("u_1");
    assertThat(limits.at("/used/day/tokens").asInt()).isBetween(300, 400);
    var refused = tenant.api().post("/v1/chat/completions", chat.formatted("u_1", message));
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error().path("code").asText()).isEqualTo("insufficient_quota");
    provider.otherwise(_ -> Reply.text("one"));
    assertThat(tenant.api().post("/v1/chat/completions", chat.formatted("u_2", message)).status())
        .isEqualTo(200);
    assertThat(run(tenant, assistant, threadOf(tenant, "u_2"), "").path("status").asText())
        .isEqualTo("completed");
    tenant.api().delete("/v1/projects/" + tenant.id() + "/users/u_1");
    assertThat(tenant.api().get(path).json().at("/budgets/day/tokens").isNull()).isTrue();
  }

  @Test
  void toolCallsOfAllRunsCountAgainstTheBudgetOfAProject() {
    var tenant = Tenant.limited("{\"budgets\": {\"month\": {\"tool_calls\": 3}}}");
    var assistant =
        assistant(
            tenant,
            ", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"look\", \"parameters\": {}}}]");
    provider.otherwise(
        _ ->
            Reply.calls(
                new Reply.Call("call_1", "look", "{}"), new Reply.Call("call_2", "look", "{}")));

    var waits =
        tenant
            .api()
            .post(
                "/v1/threads/" + thread(tenant) + "/runs",
                "{\"assistant_id\": \"%s\"}".formatted(assistant))
            .json();
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.get(waits).path("status").asText().equals("requires_action"));

    assertThat(reason(run(tenant, assistant, thread(tenant), "")))
        .isEqualTo("incomplete project_budget");
    assertThat(tenant.limits().at("/used/month/tool_calls").asInt()).isEqualTo(2);
    tenant.limit("{\"budgets\": {\"month\": {\"tool_calls\": 4}}}");
    assertThat(
            tenant
                .api()
                .post(
                    "/v1/threads/" + thread(tenant) + "/runs",
                    "{\"assistant_id\": \"%s\"}".formatted(assistant))
                .status())
        .isEqualTo(200);
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.limits().at("/used/month/tool_calls").asInt() == 4);
  }

  @Test
  void aRunIsStoppedWhenTheTimeOfItsAssistantIsUsedUp() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    var path = "/v1/assistants/" + assistant + "/limits";
    limit(tenant, path, "{\"budgets\": {\"day\": {\"seconds\": 1}}}");
    provider.otherwise(_ -> Reply.hang());

    var stopped = run(tenant, assistant, thread(tenant), "");
    var refused = run(tenant, assistant, thread(tenant), "");

    assertThat(reason(stopped)).isEqualTo("incomplete assistant_budget");
    assertThat(reason(refused)).isEqualTo("incomplete assistant_budget");
    assertThat(provider.requests()).hasSize(1);
    assertThat(tenant.api().get(path).json().at("/used/day/seconds").asDouble()).isEqualTo(1);
    limit(tenant, path, "{\"budgets\": {\"day\": {\"seconds\": 600}}}");
    provider.otherwise(_ -> Reply.text("one"));
    assertThat(run(tenant, assistant, thread(tenant), "").path("status").asText())
        .isEqualTo("completed");
    // What was reserved for the run and not used is returned.
    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.api().get(path).json().at("/used/reserved/seconds").asDouble() == 0);
    assertThat(tenant.api().get(path).json().at("/used/day/seconds").asDouble()).isLessThan(30);
  }

  @Test
  void aPrepaidBurstIsUsedOnceTheBudgetIsUsedUpAndEndsAfterNinetyDays() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 300}}}");
    var assistant = assistant(tenant, "");
    answerAsLongAsAllowed();
    run(tenant, assistant, thread(tenant), "");
    assertThat(run429(tenant, assistant)).isEqualTo("insufficient_quota");

    var bursts = "/v1/projects/" + tenant.id() + "/bursts";
    assertThat(tenant.api().post(bursts, "{\"tokens\": 500}").status()).isEqualTo(403);
    assertThat(tenant.admin().post(bursts, "{}").status()).isEqualTo(400);
    var burst = tenant.admin().post(bursts, "{\"tokens\": 500}").json();
    assertThat(burst.path("expires_at").asLong() - burst.path("created_at").asLong())
        .isEqualTo(Duration.ofDays(90).toSeconds());

    run(tenant, assistant, thread(tenant), "");

    var limits = tenant.limits();
    long ofBudget = limits.at("/used/day/tokens").asLong();
    long ofBurst = 500 - limits.at("/bursts/0/tokens_left").asLong();
    assertThat(ofBudget).isLessThanOrEqualTo(300);
    assertThat(ofBurst).isBetween(250L, 500L);
    assertThat(limits.at("/used/reserved/tokens").asLong()).isZero();
    assertThat(run429(tenant, assistant)).isEqualTo("insufficient_quota");

    tenant.admin().post(bursts, "{\"tokens\": 5000}");
    clock.advance(Duration.ofDays(91));
    run(tenant, assistant, thread(tenant), "");
    assertThat(tenant.limits().at("/bursts/1/tokens_left").asLong()).isZero();
    assertThat(tenant.limits().at("/used/day/tokens").asLong()).isBetween(200L, 300L);
  }

  private static String run429(Tenant tenant, String assistant) {
    var answer =
        tenant
            .api()
            .post(
                "/v1/threads/" + thread(tenant) + "/runs",
                "{\"assistant_id\": \"%s\"}".formatted(assistant));
    assertThat(answer.status()).as(answer.text()).isEqualTo(429);
    return answer.error().path("code").asText();
  }

  private static String threadOf(Tenant tenant, String user) {
    return tenant
        .api()
        .post(
            "/v1/threads",
            "{\"metadata\": {\"user\": \"%s\"}, \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}"
                .formatted(user))
        .id();
  }

  @Test
  void wrongBudgetsAreRefusedByName() {
    var tenant = Tenant.create();
    var assistant = assistant(tenant, "");
    for (var field : List.of("tokens\": 0", "cost\": -1", "tool_calls\": 0", "seconds\": 0")) {
      var answer =
          tenant
              .api()
              .post(
                  "/v1/threads/" + thread(tenant) + "/runs",
                  "{\"assistant_id\": \"%s\", \"budget\": {\"%s}}".formatted(assistant, field));
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
      assertThat(answer.error().path("param").asText())
          .isEqualTo("budget." + field.substring(0, field.indexOf('"')));
    }
    var path = "/v1/assistants/" + assistant + "/limits";
    for (var field : List.of("requests_per_minute", "concurrent_threads", "file_bytes")) {
      var answer = tenant.api().post(path, "{\"%s\": 5}".formatted(field));
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.error().path("param").asText()).isEqualTo(field);
    }
    assertThat(tenant.api().post(path, "{\"alerts\": [2]}").error().path("param").asText())
        .isEqualTo("alerts");
    assertThat(Tenant.create().api().get(path).status()).isEqualTo(404);
  }

  @Test
  void eachShareOfABudgetIsToldOnceAPeriod() {
    var tenant =
        Tenant.limited(
            "{\"budgets\": {\"total\": {\"tokens\": 100000}}, \"alerts\": [0.0001, 0.0002, 0.9]}");
    provider.otherwise(_ -> Reply.text("one two"));
    var assistant = assistant(tenant, "");

    outbox.registerFromNow(sink);
    outbox.registerFromNow(outbox.sink("event_log"));

    // Twelve tokens each, of ten and twenty at which an alert is due.
    run(tenant, assistant, thread(tenant), "");
    assertThat(alerts(tenant)).hasSize(1);
    run(tenant, assistant, thread(tenant), "");
    assertThat(alerts(tenant)).hasSize(2);
    run(tenant, assistant, thread(tenant), "");

    assertThat(alerts(tenant))
        .extracting(event -> event.at("/details/share").asText())
        .containsExactlyInAnyOrder("0.0001", "0.0002");
    assertThat(alerts(tenant).getFirst().at("/details/scope").asText()).isEqualTo("project");
    assertThat(alerts(tenant).getFirst().at("/details/budget").asText()).isEqualTo("100000");
  }

  /** The alerts in the log, once the sinks have received all events. */
  private List<JsonNode> alerts(Tenant tenant) {
    outbox.deliver(sink);
    outbox.deliver(outbox.sink("event_log"));
    var alerts = new ArrayList<JsonNode>();
    tenant
        .api()
        .get("/v1/projects/" + tenant.id() + "/logs?event=budget.alert")
        .json()
        .path("data")
        .forEach(alerts::add);
    return alerts;
  }
}
