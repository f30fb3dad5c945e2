package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.RateLimitException;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.threads.ThreadCreateAndRunParams;
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
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits at work: rates, prices and concurrent runs. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(value = FakeProviderResource.class, restrictToAnnotatedClass = true)
@QuarkusTestResource(value = PricedModels.class, restrictToAnnotatedClass = true)
@SuppressWarnings("deprecation")
class LimitsTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);
  private static final String CHAT =
      "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}";

  @Inject SettableClock clock;
  FakeProvider provider;

  @BeforeEach
  void resetTheProvider() {
    provider.reset();
  }

  @AfterEach
  void resetTheClock() {
    clock.reset();
  }

  private static JsonNode until(Tenant tenant, JsonNode run, String status) {
    return await()
        .atMost(LONG_ENOUGH)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> tenant.get(run), now -> now.path("status").asText().equals(status));
  }

  // ---- rates

  private static OpenAIClient sdk(Tenant tenant) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(ApiClient.base() + "/v1")
        .apiKey(tenant.key())
        .build();
  }

  @Test
  void requestsBeyondTheRateAreAnswered429UntilTheBucketHasFilledUp() {
    var tenant = Tenant.limited("{\"requests_per_minute\": 2}");

    var first = tenant.run("gpt-4o", "");
    var second = tenant.api().post("/v1/chat/completions", CHAT);
    var third = tenant.run("gpt-4o", "");

    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(header(first, "x-ratelimit-limit-requests")).isEqualTo("2");
    assertThat(header(first, "x-ratelimit-remaining-requests")).isEqualTo("1");
    assertThat(header(first, "x-ratelimit-reset-requests")).matches("(30|29\\.\\d+)s");
    assertThat(first.headers().firstValue("x-ratelimit-limit-tokens")).isEmpty();
    assertThat(header(second, "x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(third.status()).as(third.text()).isEqualTo(429);
    assertThat(third.error().path("type").asText()).isEqualTo("rate_limit_error");
    assertThat(third.error().path("code").asText()).isEqualTo("rate_limit_exceeded");
    assertThat(Integer.parseInt(header(third, "retry-after"))).isBetween(1, 30);
    assertThat(Integer.parseInt(header(third, "retry-after-ms"))).isBetween(1, 30_000);
    assertThat(header(third, "x-should-retry")).isEqualTo("true");
    assertThat(header(third, "x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(tenant.limits().at("/used/requests").asInt()).isEqualTo(2);

    clock.advance(Duration.ofSeconds(31));

    assertThat(tenant.run("gpt-4o", "").status()).isEqualTo(200);
  }

  private static String header(ApiClient.Response answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  @Test
  void requestsWithoutModelCallsAreNotCounted() {
    var tenant = Tenant.limited("{\"requests_per_minute\": 1}");

    for (int i = 0; i < 5; i++) {
      assertThat(tenant.api().post("/v1/threads", "{}").status()).isEqualTo(200);
      assertThat(tenant.api().get("/v1/assistants").status()).isEqualTo(200);
    }

    assertThat(tenant.run("gpt-4o", "").status()).isEqualTo(200);
  }

  @Test
  void aRepeatedRequestWithTheSameIdempotencyKeyTakesNothing() {
    var tenant = Tenant.limited("{\"requests_per_minute\": 2}");
    var keyed = tenant.api().with("Idempotency-Key", "again");
    var assistant = tenant.api().post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    var body = "{\"assistant_id\": \"%s\"}".formatted(assistant);

    var first = keyed.post("/v1/threads/runs", body);
    var again = keyed.post("/v1/threads/runs", body);

    assertThat(again.id()).isEqualTo(first.id());
    assertThat(tenant.limits().at("/used/requests").asInt()).isEqualTo(1);
  }

  @Test
  void theOfficialSdkWaitsForRetryAfterAndThenThrowsItsRateLimitException() {
    var tenant = Tenant.limited("{\"requests_per_minute\": 1}");
    var sdk = sdk(tenant);
    var assistant =
        sdk.beta()
            .assistants()
            .create(AssistantCreateParams.builder().model("gpt-4o").build())
            .id();
    var params = ThreadCreateAndRunParams.builder().assistantId(assistant).build();
    sdk.beta().threads().createAndRun(params);

    var refused =
        catchThrowableOfType(
            RateLimitException.class,
            () ->
                sdk.withOptions(options -> options.maxRetries(0))
                    .beta()
                    .threads()
                    .createAndRun(params));

    assertThat(refused.code()).contains("rate_limit_exceeded");
    assertThat(refused.type()).contains("rate_limit_error");
    assertThat(refused.headers().values("retry-after-ms")).hasSize(1);
  }

  @Test
  void anExhaustedBudgetIsAnErrorThatTheSdkDoesNotRetry() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"tokens\": 100}}}");
    provider.otherwise(
        request -> Reply.text("w ".repeat(request.body().path("max_completion_tokens").asInt())));
    var used =
        tenant
            .api()
            .post(
                "/v1/chat/completions",
                """
                {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}""");
    assertThat(used.status()).as(used.text()).isEqualTo(200);
    var sdk = sdk(tenant);
    var assistant =
        sdk.beta()
            .assistants()
            .create(AssistantCreateParams.builder().model("gpt-4o").build())
            .id();

    var refused =
        catchThrowableOfType(
            RateLimitException.class,
            () ->
                sdk.beta()
                    .threads()
                    .createAndRun(
                        ThreadCreateAndRunParams.builder().assistantId(assistant).build()));

    assertThat(refused.code()).contains("insufficient_quota");
    assertThat(refused.type()).contains("insufficient_quota");
    assertThat(refused.headers().values("x-should-retry")).containsExactly("false");
    assertThat(Integer.parseInt(refused.headers().values("retry-after").getFirst()))
        .isBetween(1, 86_400);
    assertThat(refused).hasMessageContaining("100 tokens a day is used up");
  }

  @Test
  void tokensPerMinuteAreTakenBeforeTheCallAndCorrectedAfterwards() {
    // Otherwise tokens come back while the run takes place.
    clock.stop();
    var tenant = Tenant.limited("{\"tokens_per_minute\": 1000}");
    provider.reply(Reply.text("one two three"));

    until(tenant, tenant.run("gpt-4o", "").json(), "completed");

    assertThat(tenant.limits().at("/used/tokens").asInt()).isEqualTo(13);
    assertThat(provider.lastRequest().body().has("max_completion_tokens")).isFalse();
  }

  @Test
  void aCallThatUsedMoreThanAMinutesTokensDelaysTheNextOnes() {
    var tenant = Tenant.limited("{\"tokens_per_minute\": 600}");
    provider.reply(Reply.text("w ".repeat(1_000)));
    until(tenant, tenant.run("gpt-4o", "").json(), "completed");

    var refused = tenant.run("gpt-4o", "");
    assertThat(refused.status()).as(refused.text()).isEqualTo(429);
    assertThat(refused.error().path("message").asText()).contains("tokens per minute");
    assertThat(header(refused, "x-ratelimit-remaining-tokens")).isEqualTo("0");
    assertThat(Integer.parseInt(header(refused, "retry-after"))).isBetween(30, 60);

    clock.advance(Duration.ofSeconds(Integer.parseInt(header(refused, "retry-after")) + 1));
    assertThat(tenant.run("gpt-4o", "").status()).isEqualTo(200);
  }

  @Test
  void aRunWaitsForTheRateInsteadOfFailing() {
    var tenant = Tenant.limited("{\"tokens_per_minute\": 600}");
    var gate = new ReplyGate();
    provider.reply(Reply.text("the first").withGate(gate));
    var first = tenant.run("gpt-4o", "").json();
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 1);
    var second = tenant.run("gpt-4o", "").json();
    until(tenant, second, "in_progress");
    assertThat(provider.requests()).hasSize(1);

    gate.open();

    until(tenant, first, "completed");
    clock.advance(Duration.ofSeconds(60));
    until(tenant, second, "completed");
  }

  // ---- chat completions

  @Test
  void chatCompletionsAreCountedAndBoundedAsRunsAre() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 300}}}");
    provider.otherwise(
        request ->
            Reply.text(
                "w ".repeat(Math.min(250, request.body().path("max_completion_tokens").asInt()))));

    var whole = tenant.api().post("/v1/chat/completions", CHAT);
    assertThat(whole.status()).as(whole.text()).isEqualTo(200);
    var used = whole.json().at("/usage/total_tokens").asLong();
    assertThat(tenant.used("total")).isEqualTo(used).isBetween(200L, 300L);

    var refused = tenant.api().post("/v1/chat/completions", CHAT);
    assertThat(refused.status()).as(refused.text()).isEqualTo(429);
    assertThat(refused.error().path("code").asText()).isEqualTo("insufficient_quota");
    assertThat(tenant.used("total")).isEqualTo(used);
  }

  @Test
  void aChatCompletionWhoseClientDisconnectsIsCountedAsFarAsItWasReceived() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 30000}}}");
    provider.reply(Reply.text("one two three").hangAfter(3));

    try (var stream =
        tenant.api().stream(
            "/v1/chat/completions",
            """
                {"model": "gpt-4o", "stream": true,
                 "messages": [{"role": "user", "content": "Hi"}]}
                """)) {
      stream.next();
    }

    await()
        .atMost(LONG_ENOUGH)
        .until(() -> tenant.limits().at("/used/reserved/tokens").asLong() == 0);
    assertThat(tenant.used("total")).isBetween(5L, 20L);
  }

  @Test
  void aCallThatTheProviderRefusesIsNotCounted() {
    var tenant = Tenant.limited("{\"budgets\": {\"total\": {\"tokens\": 30000}}}");
    provider.reply(Reply.error(400, "invalid_request_error", "No."));

    assertThat(tenant.api().post("/v1/chat/completions", CHAT).status()).isEqualTo(400);

    assertThat(tenant.used("total")).isZero();
    assertThat(tenant.limits().at("/used/reserved/tokens").asLong()).isZero();
  }

  // ---- money

  @Test
  void theCostOfARunIsCounted() {
    var tenant = Tenant.limited("{\"count_usage\": true}");
    provider.reply(Reply.text("one two"));

    until(tenant, tenant.run("priced", "").json(), "completed");

    // Ten tokens at ten dollars a million, two at a hundred.
    var limits = tenant.limits();
    assertThat(limits.path("estimated_cost").decimalValue()).isEqualByComparingTo("0.0003");
    assertThat(limits.at("/used/day/cost").decimalValue()).isEqualByComparingTo("0.0003");
    assertThat(limits.at("/used/total/tokens").asInt()).isEqualTo(12);
  }

  @Test
  void aBudgetOfMoneyBoundsTheAnswer() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"cost\": 0.02}}}");
    provider.otherwise(
        request -> Reply.text("w ".repeat(request.body().path("max_completion_tokens").asInt())));

    until(tenant, tenant.run("priced", "").json(), "completed");

    int allowed = provider.lastRequest().body().path("max_completion_tokens").asInt();
    assertThat(allowed).isBetween(150, 200);
    assertThat(tenant.limits().at("/used/day/cost").asDouble()).isLessThanOrEqualTo(0.02);
    var refused = until(tenant, tenant.run("priced", "").json(), "incomplete");
    assertThat(refused.at("/incomplete_details/limit").asText()).isEqualTo("project_budget");
  }

  @Test
  void aModelWithoutAPriceIsNotCalledWithABudgetOfMoney() {
    var tenant = Tenant.limited("{\"budgets\": {\"day\": {\"cost\": 5}}}");

    var run = until(tenant, tenant.run("unpriced", "").json(), "failed");

    assertThat(run.at("/last_error/message").asText()).contains("price").contains("unpriced");
    assertThat(provider.requests())
        .noneMatch(request -> request.body().path("model").asText().equals("unpriced"));
  }

  // ---- concurrent runs

  @Test
  void runsBeyondTheConcurrencyLimitAreQueued() {
    var tenant = Tenant.limited("{\"concurrent_threads\": 2}");
    var gate = new ReplyGate();
    provider.otherwise(_ -> Reply.text("done").withGate(gate));
    var runs = new ArrayList<JsonNode>();
    for (int i = 0; i < 5; i++) {
      var created = tenant.run("gpt-4o", "");
      assertThat(created.status()).as(created.text()).isEqualTo(200);
      runs.add(created.json());
    }
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 2);
    assertThat(tenant.limits().at("/used/concurrent_threads").asInt()).isEqualTo(2);
    assertThat(tenant.get(runs.get(4)).path("status").asText()).isEqualTo("queued");
    assertThat(provider.requests()).hasSize(2);

    gate.open();

    runs.forEach(run -> until(tenant, run, "completed"));
    assertThat(tenant.limits().at("/used/concurrent_threads").asInt()).isZero();
  }

  @Test
  void aRunThatContinuesAfterToolOutputsIsQueuedToo() {
    var tenant = Tenant.limited("{\"concurrent_threads\": 1}");
    // Models of this test only: runs of earlier tests may still take replies of theirs.
    provider.replyTo("gpt-4o-asking", Reply.call("look", "{}"), Reply.text("and on"));
    var tools = "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"look\"}}],";
    var asking = until(tenant, tenant.run("gpt-4o-asking", tools).json(), "requires_action");
    var gate = new ReplyGate();
    provider.replyTo("gpt-4o-other", Reply.text("other").withGate(gate));
    var other = tenant.run("gpt-4o-other", "").json();
    await().atMost(LONG_ENOUGH).until(() -> gate.waiting() == 1);

    var call = asking.at("/required_action/submit_tool_outputs/tool_calls/0/id").asText();
    var submitted =
        tenant
            .api()
            .post(
                "/v1/threads/%s/runs/%s/submit_tool_outputs"
                    .formatted(asking.path("thread_id").asText(), asking.path("id").asText()),
                "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"sun\"}]}"
                    .formatted(call));
    assertThat(submitted.status()).as(submitted.text()).isEqualTo(200);
    assertThat(tenant.get(asking).path("status").asText()).isEqualTo("queued");
    gate.open();

    until(tenant, other, "completed");
    until(tenant, asking, "completed");
  }
}
