package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class WebhookRunsTest {
  private static final String MODEL = "gpt-4o";
  private static final String FUNCTION =
      """
      {"type": "function", "function": {"name": "ask_user", "parameters": {"type": "object"}}}""";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final RecordingServer receiver = RecordingServer.start();
  private final CountDownLatch end = new CountDownLatch(1);

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    end.countDown();
    receiver.close();
  }

  @Test
  void aWebhookIsCalledAndTheModelGetsItsAnswer() {
    // Given
    receiver.on("/cases", RecordingServer.json(200, "{\"case\": 42}"));
    provider.reply(Reply.call("open_case", "{\"subject\": \"Leak\"}"), Reply.text("Case 42."));
    var assistant =
        assistant(
            webhook(
                "open_case",
                "/cases",
                """
                "headers": {"X-Tenant": "acme"}, "auth": {"type": "bearer", "token": "t0ken"}"""));

    // When
    var run = runs.run(assistant, "Open a case");

    // Then
    assertThat(run.status()).isEqualTo("completed");
    assertThat(runs.lastText(run)).isEqualTo("Case 42.");
    assertThat(run.output(0)).isEqualTo("{\"case\": 42}");
    assertThat(run.steps().getFirst().path("status").asText()).isEqualTo("completed");
    var call = receiver.calls().getFirst();
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.body()).isEqualTo("{\"subject\":\"Leak\"}");
    assertThat(call.header("content-type")).isEqualTo("application/json");
    assertThat(call.header("authorization")).isEqualTo("Bearer t0ken");
    assertThat(call.header("x-tenant")).isEqualTo("acme");
    assertThat(call.header("idempotency-key"))
        .isEqualTo(run.calls().getFirst().path("id").asText());
    assertThat(provider.lastRequest().body().toString()).contains("{\\\"case\\\": 42}");
    assertThat(run.run().toString()).doesNotContain("t0ken").doesNotContain("sealed");
  }

  @Test
  void whatTheCallIsAuthenticatedByGoesToItsPlace() {
    // Given
    receiver.on("/", RecordingServer.json(200, "{}"));
    var assistant =
        assistant(
            webhook(
                "basic",
                "/basic",
                "\"auth\": {\"type\": \"basic\", \"username\": \"u\", \"password\": \"p\"}"),
            webhook("key", "/key", "\"auth\": {\"type\": \"api_key\", \"key\": \"k\"}"),
            webhook(
                "query",
                "/query",
                """
                "auth": {"type": "api_key", "key": "k&k", "name": "api-key", "in": "query"}"""));
    provider.reply(Reply.calls(call("basic", "{}"), call("key", "{}"), call("query", "{}")));

    // When
    runs.run(assistant, "All");

    // Then
    assertThat(callOf("/basic").header("authorization")).isEqualTo("Basic dTpw");
    assertThat(callOf("/key").header("x-api-key")).isEqualTo("k");
    assertThat(callOf("/query").query()).isEqualTo("api-key=k%26k");
  }

  @Test
  void aReceiverThatIsNotThereIsNamedWithTheCause() {
    // Given
    provider.reply(Reply.call("open_case", "{}"), Reply.text("Done."));
    var assistant = assistant(webhook("open_case", "/cases", "\"retries\": 0"));
    var address = receiver.url("");
    receiver.close();

    // When
    var run = runs.run(assistant, "Open a case");

    // Then
    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("unreachable", address, "connection refused");
  }

  @Test
  void theReceiverCanCheckTheSignature() throws Exception {
    // Given
    receiver.on("/signed", RecordingServer.json(200, "{}"));
    var key = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    var secret = "whsec_" + Base64.getEncoder().encodeToString(key);
    provider.reply(Reply.call("signed", "{\"a\": 1}"));

    // When
    runs.run(
        assistant(webhook("signed", "/signed", "\"signing_secret\": \"" + secret + "\"")), "Go");

    // Then
    var call = receiver.calls().getFirst();
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    var signed =
        call.header("webhook-id") + "." + call.header("webhook-timestamp") + "." + call.body();
    var expected =
        Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    assertThat(call.header("webhook-signature")).isEqualTo("v1," + expected);
    assertThat(call.header("webhook-id")).isEqualTo(call.header("idempotency-key"));
    assertThat(Instant.ofEpochSecond(Long.parseLong(call.header("webhook-timestamp"))))
        .isBetween(Instant.now().minusSeconds(30), Instant.now().plusSeconds(30));
  }

  @Test
  void argumentsGoIntoPathQueryHeaderAndBody() {
    // Given
    receiver.on("/", RecordingServer.json(200, "{}"));
    provider.reply(
        Reply.call(
            "put_item",
            """
            {"id": "a/../b c", "dry": true, "trace": "t1", "tags": ["x", "y"], "name": "n"}"""));
    var tool =
        webhook(
            "put_item",
            "/items/{id}?v=2",
            """
            "method": "PUT", "placement": {"dry": "query", "trace": "header", "tags": "query"},
            "parameters": {"type": "object", "properties": {"id": {"type": "string"}}}""");

    // When
    runs.run(assistant(tool), "Put");

    // Then
    var call = receiver.calls().getFirst();
    assertThat(call.path()).isEqualTo("/items/a%2F..%2Fb%20c");
    assertThat(call.query()).isEqualTo("v=2&dry=true&tags=x&tags=y");
    assertThat(call.header("trace")).isEqualTo("t1");
    assertThat(call.body()).isEqualTo("{\"name\":\"n\"}");
  }

  @Test
  void argumentsThatDoNotFitTheSchemaGoBackToTheModel() {
    // Given
    receiver.on("/cases", RecordingServer.json(200, "{}"));
    var schema =
        """
        "parameters": {"type": "object", "required": ["city"], "properties": {
          "city": {"type": "string", "minLength": 2}, "days": {"type": "integer", "maximum": 7}}}""";
    provider.reply(
        Reply.call("forecast", "{\"days\": 9}"),
        Reply.call("forecast", "{\"city\""),
        Reply.call("forecast", "{\"city\": \"Rome\", \"days\": 2}"),
        Reply.text("Sunny."));

    // When
    var run = runs.run(assistant(webhook("forecast", "/cases", schema)), "Weather?");

    // Then
    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("invalid_arguments", "/days", "city");
    assertThat(run.output(1)).contains("invalid_arguments", "not JSON");
    assertThat(run.output(2)).isEqualTo("{}");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void argumentsForAFunctionOfTheClientAreCheckedBeforeTheClientIsAsked() {
    // Given
    var strict =
        """
        {"type": "function", "function": {"name": "f", "strict": true, "parameters":
          {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
           "additionalProperties": false, "required": ["a", "b"]}}}""";
    provider.reply(
        Reply.call("f", "{\"a\": 1, \"b\": 2, \"c\": 3}"),
        Reply.call("f", "{\"a\": 1}"),
        Reply.call("f", "{\"a\": 1, \"b\": 2}"));

    // When
    var run = runs.run(assistant(strict), "Go");

    // Then
    assertThat(run.status()).isEqualTo("requires_action");
    assertThat(run.calls()).hasSize(3);
    assertThat(run.open()).containsExactly(run.calls().getLast().path("id").asText());
  }

  @Test
  void aToolThatDoesNotExistIsNamedToTheModel() {
    provider.reply(Reply.call("no_such", "{}"), Reply.text("Sorry."));

    var run = runs.run(assistant(FUNCTION), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("unknown_tool", "no_such", "ask_user");
  }

  @Test
  void aModelThatDoesNotLearnFailsItsRun() {
    provider.otherwise(_ -> Reply.call("no_such", "{}"));

    var run = runs.run(assistant(FUNCTION), "Go");

    assertThat(run.status()).isEqualTo("failed");
    assertThat(run.run().at("/last_error/message").asText()).contains("do not exist");
    assertThat(run.calls()).hasSize(9);
  }

  @Test
  void callsOfOneAnswerAreMadeAtTheSameTime() {
    // Given: each call is answered when all three are there
    var together = new CyclicBarrier(3);
    receiver.on(
        "/",
        (exchange, _) -> {
          try {
            together.await(10, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          RecordingServer.reply(exchange, 200, "text/plain", "together");
        });
    provider.reply(Reply.calls(call("one", "{}"), call("two", "{}"), call("one", "{}")));

    // When
    var run = runs.run(assistant(webhook("one", "/1", ""), webhook("two", "/2", "")), "Go");

    // Then
    assertThat(run.calls()).hasSize(3).allMatch(c -> c.toString().contains("together"));
    assertThat(receiver.calls())
        .extracting(c -> c.header("idempotency-key"))
        .doesNotHaveDuplicates();
  }

  @Test
  void ofAMixedAnswerTheServersCallsAreExecutedAndOnlyTheClientsAreLeft() {
    // Given
    receiver.on("/cases", RecordingServer.json(200, "{\"case\": 1}"));
    provider.reply(
        Reply.calls(call("ask_user", "{}"), call("open_case", "{}"), call("no_such", "{}")),
        Reply.text("Done."));

    // When
    var waiting = runs.run(assistant(FUNCTION, webhook("open_case", "/cases", "")), "Go");
    var ended = runs.submit(waiting, "yes");

    // Then
    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(waiting.open()).containsExactly(waiting.calls().getFirst().path("id").asText());
    assertThat(waiting.output(1)).isEqualTo("{\"case\": 1}");
    assertThat(waiting.output(2)).contains("unknown_tool");
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(ended.output(0)).isEqualTo("yes");
    assertThat(receiver.calls()).hasSize(1);
    assertThat(provider.lastRequest().body().toString()).contains("case\\\": 1", "yes");
    var events = api.get(path(ended) + "/events").text();
    assertThat(requiredActions(events)).hasSize(1);
    assertThat(requiredActions(events).getFirst())
        .contains(waiting.open().getFirst())
        .doesNotContain(
            waiting.calls().get(1).path("id").asText()
                + "\",\"type\":\"function\",\"function\":{\"name\":\"open_case\",\"arguments\":\"{}\"}}");
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503, 500, 502})
  void whatFailsInPassingIsTriedAgainWithTheSameKey(int status) {
    // Given
    var tries = new AtomicInteger();
    receiver.on(
        "/flaky",
        (exchange, _) -> {
          int code = tries.incrementAndGet() < 3 ? status : 200;
          exchange.getResponseHeaders().set("Retry-After", "0");
          RecordingServer.reply(exchange, code, "application/json", "{\"try\": " + tries + "}");
        });
    provider.reply(Reply.call("flaky", "{}"));

    // When
    var run = runs.run(assistant(webhook("flaky", "/flaky", "\"retries\": 2")), "Go");

    // Then
    assertThat(run.output(0)).isEqualTo("{\"try\": 3}");
    assertThat(receiver.calls()).hasSize(3);
    assertThat(receiver.calls())
        .extracting(c -> c.header("idempotency-key"))
        .containsOnly(run.calls().getFirst().path("id").asText());
  }

  @Test
  void whatIsRefusedIsNotTriedAgain() {
    receiver.on("/", RecordingServer.json(422, "{\"detail\": \"subject is empty\"}"));
    provider.reply(Reply.call("strictly", "{}"));

    var run = runs.run(assistant(webhook("strictly", "/", "")), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("http_422", "subject is empty");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void whereTheOutcomeIsUnknownTheModelMayBeTold() {
    receiver.on("/hang", (_, _) -> hang());
    provider.reply(Reply.call("pay", "{}"), Reply.text("I do not know."));
    var tool = webhook("pay", "/hang", "\"timeout_ms\": 200, \"on_unknown\": \"fail\"");

    var run = runs.run(assistant(tool), "Pay");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("outcome_unknown");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void whereTheOutcomeIsUnknownAPersonMayBeAsked() {
    // Given
    receiver.on("/hang", (_, _) -> hang());
    provider.reply(Reply.call("pay", "{}"), Reply.text("Paid."));
    var tool = webhook("pay", "/hang", "\"timeout_ms\": 200, \"on_unknown\": \"ask\"");

    // When
    var waiting = runs.run(assistant(tool), "Pay");
    var ended = runs.submit(waiting, "it was paid");

    // Then
    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(waiting.open()).hasSize(1);
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(ended.output(0)).isEqualTo("it was paid");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void aCancelEndsACallThatHangs() {
    // Given
    receiver.on("/hang", (_, _) -> hang());
    receiver.on("/quick", RecordingServer.json(200, "{\"quick\": true}"));
    provider.reply(Reply.calls(call("slow", "{}"), call("quick", "{}")));
    var assistant = assistant(webhook("slow", "/hang", ""), webhook("quick", "/quick", ""));
    var started = runs.start(assistant, "Go");
    var path =
        "/v1/threads/"
            + started.path("thread_id").asText()
            + "/runs/"
            + started.path("id").asText();
    await().until(() -> receiver.calls().size() == 2);
    await().until(() -> api.get(path + "/steps").text().contains("quick\\\": true"));

    // When
    api.post(path + "/cancel", "{}");

    // Then
    var run = runs.stopped(started);
    assertThat(run.status()).isEqualTo("cancelled");
    assertThat(run.run().at("/usage/completion_tokens").asInt()).isEqualTo(10);
    assertThat(run.output(0)).contains("cancelled");
    assertThat(run.output(1)).contains("quick");
    assertThat(run.steps().getFirst().path("status").asText()).isEqualTo("cancelled");
  }

  @Test
  void anAnswerThatCannotBeUsedIsSaidToBeSo() {
    // Given
    receiver.on("/image", (exchange, _) -> RecordingServer.reply(exchange, 200, "image/png", "xx"));
    receiver.on(
        "/liar", (exchange, _) -> RecordingServer.reply(exchange, 200, "application/json", "<p>"));
    receiver.on(
        "/large", (e, _) -> RecordingServer.reply(e, 200, "text/plain", "x".repeat(300_000)));
    receiver.on("/empty", (exchange, _) -> RecordingServer.reply(exchange, 204, "text/plain", ""));
    provider.reply(
        Reply.calls(
            call("image", "{}"), call("liar", "{}"), call("large", "{}"), call("empty", "{}")));
    var assistant =
        assistant(
            webhook("image", "/image", ""),
            webhook("liar", "/liar", ""),
            webhook("large", "/large", ""),
            webhook("empty", "/empty", ""));

    // When
    var run = runs.run(assistant, "Go");

    // Then
    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("answer_unusable", "image/png");
    assertThat(run.output(1)).contains("answer_unusable", "JSON");
    assertThat(run.output(2)).contains("answer_unusable", "larger");
    assertThat(run.output(3)).isEqualTo("{\"status\":204}");
    assertThat(receiver.calls()).hasSize(4);
  }

  @Test
  void theAssistantsAllowedDomainsHoldForItsTools() {
    receiver.on("/", RecordingServer.json(200, "{}"));
    provider.reply(Reply.call("outside", "{}"));
    var assistant =
        runs.assistant(
            MODEL,
            "\"safety\": {\"allowed_domains\": [\"*.lawfirm.com\"]},",
            webhook("outside", "/", ""));

    var run = runs.run(assistant, "Go");

    assertThat(run.output(0)).contains("not_allowed", "127.0.0.1");
    assertThat(receiver.calls()).isEmpty();
  }

  @Test
  void outputsAreStreamedAsTheyCome() {
    // Given
    receiver.on("/cases", RecordingServer.json(200, "{\"case\": 7}"));
    provider.reply(Reply.call("open_case", "{}"), Reply.text("Done."));

    // When
    var run = runs.run(assistant(webhook("open_case", "/cases", "")), "Go");

    // Then
    var events = api.get(path(run) + "/events").text();
    var delta = events.indexOf("\"output\":\"{\\\"case\\\": 7}\"");
    assertThat(delta).isPositive();
    assertThat(events.lastIndexOf("event: ", delta))
        .isEqualTo(events.lastIndexOf("event: thread.run.step.delta", delta));
    assertThat(events.indexOf("event: thread.run.step.completed")).isGreaterThan(delta);
  }

  @Test
  void aRunMayBringToolsOfItsOwn() {
    // Given
    receiver.on("/own", RecordingServer.json(200, "{\"own\": true}"));
    provider.reply(Reply.call("own", "{}"));
    var body =
        """
        {"assistant_id": "%s", "tools": [%s],
         "thread": {"messages": [{"role": "user", "content": "Go"}]}}"""
            .formatted(
                assistant(FUNCTION),
                webhook("own", "/own", "\"auth\": {\"type\": \"bearer\", \"token\": \"t0ken\"}"));

    // When
    var created = api.post("/v1/threads/runs", body);
    var run = runs.stopped(created.json());

    // Then
    assertThat(run.output(0)).isEqualTo("{\"own\": true}");
    assertThat(receiver.calls().getFirst().header("authorization")).isEqualTo("Bearer t0ken");
    assertThat(created.text() + run.run()).doesNotContain("t0ken").doesNotContain("sealed");
  }

  private static Reply.Call call(String name, String arguments) {
    return new Reply.Call("call_" + name, name, arguments);
  }

  private static String path(ToolRuns.Stopped run) {
    return "/v1/threads/"
        + run.run().path("thread_id").asText()
        + "/runs/"
        + run.run().path("id").asText();
  }

  private static List<String> requiredActions(String events) {
    return java.util.Arrays.stream(events.split("\n\n"))
        .filter(event -> event.contains("event: thread.run.requires_action"))
        .toList();
  }

  private RecordingServer.ReceivedRequest callOf(String path) {
    return receiver.calls().stream()
        .filter(call -> call.path().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private String assistant(String... tools) {
    return runs.assistant(MODEL, "", tools);
  }

  private String webhook(String name, String path, String more) {
    var parameters =
        more.contains("\"parameters\"") ? "" : ", \"parameters\": {\"type\": \"object\"}";
    return """
    {"type": "webhook", "webhook": {"name": "%s", "endpoint": "%s"%s%s}}"""
        .formatted(name, receiver.url(path), parameters, more.isEmpty() ? "" : ", " + more);
  }

  private void hang() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
