package dev.threadmill.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that a run or thread rejects, their error messages, and that they have no effect. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RejectedTransitionsTest extends GatedRunsFixture {
  private record Case(Conversation conversation, JsonNode run) {
    /** The rejection is a 400, which SDKs do not retry, and the run has not changed. */
    void assertRefused(ApiClient.Response answer, String message) {
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
      assertThat(answer.error().path("type").asText()).isEqualTo("invalid_request_error");
      assertThat(answer.error().path("message").asText())
          .isEqualTo(
              message
                  .replace("THREAD", conversation.thread())
                  .replace("RUN", run.path("id").asText()));
      assertThat(answer.error().has("param")).isTrue();
      assertThat(answer.error().has("code")).isTrue();
      assertThat(conversation.get(run)).isEqualTo(run);
    }
  }

  /** A run that stays in this status. */
  private Case runIn(String status) {
    return switch (status) {
      case "in_progress" -> {
        provider.replyTo(model("gated"), Reply.text("one two three").withGate(gate));
        yield begun(model("gated"), "Go.", status);
      }
      case "requires_action" -> begun("rehearsal", "call f and call g", status);
      case "completed" -> begun("rehearsal", "/say x", status);
      case "failed" -> begun("rehearsal", "/fail", status);
      case "incomplete" -> {
        var conversation = Conversation.of(user, "rehearsal", "/long 2000");
        var run = conversation.run(conversation.body().put("max_completion_tokens", 256)).json();
        yield new Case(conversation, conversation.until(run, status));
      }
      case "cancelled" -> {
        var waiting = runIn("requires_action");
        waiting.conversation.cancel(waiting.run);
        yield new Case(waiting.conversation, waiting.conversation.until(waiting.run, status));
      }
      case "expired" -> {
        var waiting = runIn("requires_action");
        clock.advance(Duration.ofMinutes(11));
        yield new Case(waiting.conversation, waiting.conversation.until(waiting.run, status));
      }
      default -> throw new IllegalArgumentException(status);
    };
  }

  private Case begun(String model, String text, String status) {
    var conversation = Conversation.of(user, model, text, "f", "g");
    return new Case(conversation, conversation.until(conversation.run(), status));
  }

  @ParameterizedTest
  @ValueSource(strings = {"completed", "failed", "incomplete", "cancelled", "expired"})
  void aRunThatHasEndedCannotBeCancelled(String status) {
    var ended = runIn(status);

    var refused = ended.conversation.cancel(ended.run);

    ended.assertRefused(refused, "Cannot cancel run with status '%s'.".formatted(status));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"in_progress", "completed", "failed", "incomplete", "cancelled", "expired"})
  void aRunThatDoesNotWaitAcceptsNoOutputs(String status) {
    var run = runIn(status);

    var refused = run.conversation.submit(run.run, Conversation.outputs(List.of("call_1")));

    run.assertRefused(
        refused, "Runs in status \"%s\" do not accept tool outputs.".formatted(status));
  }

  @Test
  void aQueuedRunAcceptsNoOutputs() {
    var active = runIn("in_progress");
    var body = active.conversation.body().put("on_active_run", "queue");
    var queued = new Case(active.conversation, active.conversation.run(body).json());

    var refused = queued.conversation.submit(queued.run, Conversation.outputs(List.of("call_1")));

    queued.assertRefused(refused, "Runs in status \"queued\" do not accept tool outputs.");
    queued.conversation.cancel(queued.run);
  }

  @Test
  void onlyThePendingOutputsAreAcceptedAllOfThemAndEachOnce() {
    var waiting = runIn("requires_action");
    var calls = Conversation.calls(waiting.run);
    var wrong =
        List.of(
            Conversation.outputs(List.of()),
            Conversation.outputs(List.of(calls.get(0))),
            Conversation.outputs(List.of(calls.get(0), calls.get(0))),
            Conversation.outputs(List.of(calls.get(0), calls.get(1), calls.get(0))),
            Conversation.outputs(List.of(calls.get(0), "call_unknown")),
            Conversation.outputs(List.of(calls.get(0), calls.get(1), "call_unknown")));

    for (var outputs : wrong) {
      var refused = waiting.conversation.submit(waiting.run, outputs);
      assertThat(refused.status()).as(outputs.toString()).isEqualTo(400);
      assertThat(refused.error().path("param").asText()).startsWith("tool_outputs");
    }

    assertThat(waiting.conversation.get(waiting.run)).isEqualTo(waiting.run);
    assertThat(waiting.conversation.steps(waiting.run).findValuesAsText("output"))
        .allMatch("null"::equals);
    var right = Conversation.outputs(calls.reversed());
    assertThat(waiting.conversation.submit(waiting.run, right).status()).isEqualTo(200);
    waiting.conversation.until(waiting.run, "completed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"tool_outputs\": null}",
        "{\"tool_outputs\": {}}",
        "{\"tool_outputs\": [null]}",
        "{\"tool_outputs\": [{}]}",
        "{\"tool_outputs\": [{\"output\": \"x\"}]}",
        "{\"tool_outputs\": [{\"tool_call_id\": \"CALL\", \"output\": 5}]}",
        "{\"tool_outputs\": [{\"tool_call_id\": \"CALL\", \"result\": \"x\"}]}"
      })
  void outputsOfAnInvalidShapeAreRejectedWithTheField(String body) {
    var waiting = begun("rehearsal", "call f", "requires_action");
    var call = Conversation.calls(waiting.run).getFirst();

    var refused =
        user.post(
            waiting.conversation.path(waiting.run) + "/submit_tool_outputs",
            body.replace("CALL", call));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).startsWith("tool_outputs");
    assertThat(waiting.conversation.get(waiting.run)).isEqualTo(waiting.run);
  }

  @Test
  void anOutputMayBeLeftOutAndIsEmptyThen() {
    var waiting = begun("rehearsal", "call f", "requires_action");
    var body = JsonNodeFactory.instance.objectNode();
    body.putArray("tool_outputs")
        .addObject()
        .put("tool_call_id", Conversation.calls(waiting.run).getFirst());

    assertThat(waiting.conversation.submit(waiting.run, body).status()).isEqualTo(200);

    waiting.conversation.until(waiting.run, "completed");
    assertThat(waiting.conversation.steps(waiting.run).get(0).findValuesAsText("output"))
        .containsExactly("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"in_progress", "requires_action"})
  void anActiveRunLocksItsThread(String status) {
    var active = runIn(status);
    var conversation = active.conversation;
    var before = conversation.messages();
    var additional = conversation.body();
    additional.putArray("additional_messages").addObject().put("role", "user").put("content", "x");
    var first = conversation.path() + "/messages/" + before.get(0).path("id").asText();

    active.assertRefused(
        conversation.say("x"), "Can't add messages to THREAD while a run RUN is active.");
    active.assertRefused(
        conversation.run(conversation.body()), "Thread THREAD already has an active run RUN.");
    active.assertRefused(
        conversation.run(additional), "Thread THREAD already has an active run RUN.");
    active.assertRefused(
        user.delete(first), "Can't delete messages of THREAD while a run RUN is active.");

    assertThat(conversation.messages()).isEqualTo(before);
    assertThat(user.get(conversation.path() + "/runs").json().path("data")).hasSize(1);
  }

  @Test
  void metadataMayBeChangedWhileARunIsActive() {
    var active = runIn("requires_action");
    var conversation = active.conversation;
    var change = "{\"metadata\": {\"a\": \"b\"}}";
    var message = conversation.messages().get(0).path("id").asText();

    for (var path :
        List.of(
            conversation.path(),
            conversation.path() + "/messages/" + message,
            conversation.path(active.run))) {
      var changed = user.post(path, change);
      assertThat(changed.status()).as(changed.text()).isEqualTo(200);
      assertThat(changed.json().at("/metadata/a").asText()).isEqualTo("b");
    }
    assertThat(conversation.get(active.run).at("/metadata/a").asText()).isEqualTo("b");
  }

  @Test
  void aRejectedRunLeavesNoMessages() {
    var conversation = Conversation.of(user, "rehearsal", "/say x");
    var body = conversation.body().put("assistant_id", "asst_0000000000000000000000000");
    body.putArray("additional_messages").addObject().put("role", "user").put("content", "x");

    var refused = conversation.run(body);

    assertThat(refused.status()).isEqualTo(404);
    assertThat(conversation.messages()).hasSize(1);
  }

  @Test
  void ofManyRunsThatAreCreatedAtOnceOneIsAccepted() throws InterruptedException {
    provider.replyTo(model("gated"), Reply.text("one").withGate(gate));
    var conversation = Conversation.of(user, model("gated"), "Go.");
    var statuses = new java.util.concurrent.ConcurrentLinkedQueue<Integer>();

    var threads =
        java.util.stream.IntStream.range(0, 12)
            .mapToObj(
                _ ->
                    Thread.startVirtualThread(
                        () -> statuses.add(conversation.run(conversation.body()).status())))
            .toList();
    for (var thread : threads) {
      thread.join();
    }

    assertThat(statuses.stream().filter(status -> status == 200)).hasSize(1);
    assertThat(statuses.stream().filter(status -> status == 400)).hasSize(11);
  }
}
