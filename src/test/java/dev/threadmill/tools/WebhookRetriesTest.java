package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Webhook calls that fail, hang or are cancelled. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class WebhookRetriesTest extends WebhookFixture {
  @ParameterizedTest
  @ValueSource(ints = {429, 503, 500, 502})
  void aTransientFailureIsRetriedWithTheSameKey(int status) {
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
  void aRefusedCallIsNotRetried() {
    receiver.on("/", RecordingServer.json(422, "{\"detail\": \"subject is empty\"}"));
    provider.reply(Reply.call("strictly", "{}"));

    var run = runs.run(assistant(webhook("strictly", "/", "")), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("http_422", "subject is empty");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void anUnknownOutcomeMayBeAnErrorForTheModel() {
    receiver.on("/hang", (_, _) -> hang());
    provider.reply(Reply.call("pay", "{}"), Reply.text("I do not know."));
    var tool = webhook("pay", "/hang", "\"timeout_ms\": 200, \"on_unknown\": \"fail\"");

    var run = runs.run(assistant(tool), "Pay");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("outcome_unknown");
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void anUnknownOutcomeMayBeDecidedByTheClient() {
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
    var path = ToolRuns.path(started);
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

  private void hang() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
