package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** The requests of webhook tools, and what the model is given of the responses. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class WebhookRunsTest extends WebhookFixture {
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
  void credentialsGoToTheirPlaceInTheRequest() {
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
  void filesThatAreAttachedForAToolAreHandedToItsCalls() {
    // Given
    receiver.on("/", RecordingServer.json(200, "{}"));
    provider.reply(
        Reply.calls(call("payment", "{\"amount\": 9}"), call("lookup", "{}"), call("other", "{}")),
        Reply.text("Booked."));
    var assistant =
        assistant(
            webhook("payment", "/payment", "\"retries\": 0"),
            webhook("lookup", "/lookup", "\"method\": \"GET\""),
            webhook("other", "/other", "\"retries\": 0"));
    var card = upload("card.json");
    var thread =
        api.post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "Book a flight.", "attachments": [
              {"file_id": "%s", "tools": [{"type": "payment"},
                {"type": "function", "function": {"name": "lookup"}}]}]}]}"""
                .formatted(card));
    assertThat(thread.status()).as(thread.text()).isEqualTo(200);

    // When
    var run =
        runs.stopped(
            api.post(
                    "/v1/threads/" + thread.id() + "/runs",
                    "{\"assistant_id\": \"%s\"}".formatted(assistant))
                .json());

    // Then
    assertThat(run.status()).isEqualTo("completed");
    var paid = callOf("/payment");
    assertThat(paid.header("threadmill-file-ids")).isEqualTo(card);
    assertThat(paid.body())
        .contains("\"amount\":9", "\"file_id\":\"" + card, "\"filename\":\"card.json\"")
        .contains("/v1/files/" + card + "/content");
    assertThat(callOf("/lookup").header("threadmill-file-ids")).isEqualTo(card);
    assertThat(callOf("/other").header("threadmill-file-ids")).isNull();
    assertThat(callOf("/other").body()).isEqualTo("{}");
    assertThat(provider.lastRequest().body().toString())
        .contains("[the file card.json with the id " + card + " is attached for the tool payment]");
    var message = api.get("/v1/threads/" + thread.id() + "/messages?order=asc").json();
    assertThat(message.at("/data/0/attachments/0/tools/0").toString())
        .isEqualTo("{\"type\":\"payment\"}");
    assertThat(message.at("/data/0/attachments/0/tools/1").toString())
        .isEqualTo("{\"type\":\"function\",\"name\":\"lookup\"}");
  }

  @Test
  void aForkHasTheFilesOfItsMessagesAndDeletedFilesTakeNoPlace() {
    // Given
    receiver.on("/", RecordingServer.json(200, "{}"));
    var assistant = assistant(webhook("payment", "/payment", "\"retries\": 0"));
    var card = upload("card.json");
    var thread = api.post("/v1/threads", "{}").id();
    var first = attach(thread, card);
    // More than a call is given, and attached later.
    for (int n = 0; n < 20; n++) {
      var other = upload(n + ".json");
      attach(thread, other);
      api.delete("/v1/files/" + other);
    }
    var fork =
        api.post("/v1/threads/" + thread + "/fork", "{\"message_id\": \"%s\"}".formatted(first))
            .id();
    attach(thread, card);
    var laterFork =
        api.post("/v1/threads/" + thread + "/fork", "{\"message_id\": \"%s\"}".formatted(first))
            .id();

    // When
    for (var each : List.of(fork, laterFork, thread)) {
      provider.reply(Reply.call("payment", "{}"), Reply.text("Paid."));
      var run =
          runs.stopped(
              api.post(
                      "/v1/threads/" + each + "/runs",
                      "{\"assistant_id\": \"%s\"}".formatted(assistant))
                  .json());
      assertThat(run.status()).isEqualTo("completed");
    }

    // Then
    assertThat(receiver.calls())
        .extracting(call -> call.header("threadmill-file-ids"))
        .containsExactly(card, card, card);
  }

  private String upload(String name) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", name, "application/json", "{}".getBytes(StandardCharsets.UTF_8))
        .post(api, "/v1/files")
        .id();
  }

  /** The id of a message with a file for the tool payment. */
  private String attach(String thread, String file) {
    return api.post(
            "/v1/threads/" + thread + "/messages",
            """
            {"role": "user", "content": "Pay.", "attachments": [
              {"file_id": "%s", "tools": [{"type": "payment"}]}]}"""
                .formatted(file))
        .id();
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
  void anUnusableResponseIsAnErrorThatNamesTheReason() {
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
    var events = api.get(run.path() + "/events").text();
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

  private RecordingServer.ReceivedRequest callOf(String path) {
    return receiver.calls().stream()
        .filter(call -> call.path().equals(path))
        .findFirst()
        .orElseThrow();
  }
}
