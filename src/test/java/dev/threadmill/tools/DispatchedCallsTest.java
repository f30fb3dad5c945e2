package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Which calls of an answer the server executes, which the client, and which go back to the model.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class DispatchedCallsTest extends WebhookFixture {
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
  void aModelThatRepeatsInvalidCallsFailsItsRun() {
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
    var events = api.get(ended.path() + "/events").text();
    assertThat(requiredActions(events)).hasSize(1);
    assertThat(requiredActions(events).getFirst())
        .contains(waiting.open().getFirst())
        .doesNotContain(
            waiting.calls().get(1).path("id").asText()
                + "\",\"type\":\"function\",\"function\":{\"name\":\"open_case\",\"arguments\":\"{}\"}}");
  }

  private static List<String> requiredActions(String events) {
    return java.util.Arrays.stream(events.split("\n\n"))
        .filter(event -> event.contains("event: thread.run.requires_action"))
        .toList();
  }
}
