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
