package dev.threadmill.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Every status transition of a run and the fields that change with it. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RunTransitionsTest extends GatedRunsFixture {
  private static final Duration LIFE_OF_A_RUN = Duration.ofMinutes(10);

  /** A run in progress: its model has sent one word and waits at the gate. */
  private JsonNode inProgress(Conversation conversation) {
    return conversation.until(conversation.run(), "in_progress");
  }

  private Conversation gated() {
    provider.replyTo(model("gated"), Reply.text("one two three").withGate(gate));
    return Conversation.of(user, model("gated"), "Go.");
  }

  private Conversation calling() {
    provider.replyTo(
        model("calling"),
        Reply.calls(new Reply.Call("a", "f", "{\"n\":1}"), new Reply.Call("b", "g", "{}")),
        Reply.text("Both done."));
    return Conversation.of(user, model("calling"), "Call both.", "f", "g");
  }

  private static void assertEnded(JsonNode run, String status, String time) {
    assertThat(run.path("status").asText()).isEqualTo(status);
    for (var each : List.of("completed_at", "failed_at", "cancelled_at")) {
      assertThat(run.path(each).isIntegralNumber()).as(each).isEqualTo(each.equals(time));
    }
    assertThat(run.path("required_action").isNull()).isTrue();
    assertThat(run.path("usage").isObject()).isTrue();
  }

  @Test
  void aRunIsCreatedQueued() {
    var run = gated().run();

    assertThat(run.path("status").asText()).isEqualTo("queued");
    assertThat(run.path("started_at").isNull()).isTrue();
    assertThat(run.path("usage").isNull()).isTrue();
    assertThat(run.path("expires_at").asLong() - run.path("created_at").asLong())
        .isEqualTo(LIFE_OF_A_RUN.toSeconds());
  }

  @Test
  void aQueuedRunGoesToInProgressAndHasAStart() {
    var conversation = gated();

    var run = inProgress(conversation);

    assertThat(run.path("started_at").asLong())
        .isGreaterThanOrEqualTo(run.path("created_at").asLong());
    assertThat(run.path("completed_at").isNull()).isTrue();
  }

  @Test
  void aRunInProgressGoesToCompleted() {
    var conversation = gated();
    var run = inProgress(conversation);

    gate.open();

    var done = conversation.until(run, "completed");
    assertEnded(done, "completed", "completed_at");
    assertThat(done.path("expires_at").isNull()).isTrue();
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("one two three");
  }

  @Test
  void aRunInProgressGoesToFailedWhenItsModelDoes() {
    provider.replyTo("broken", Reply.error(400, "invalid_prompt", "Not like this."));
    var conversation = Conversation.of(user, "broken", "Go.");

    var failed = conversation.until(conversation.run(), "failed");

    assertEnded(failed, "failed", "failed_at");
    assertThat(failed.at("/last_error/code").asText())
        .isIn("server_error", "invalid_prompt", "rate_limit_exceeded");
    assertThat(failed.at("/last_error/message").asText()).isNotBlank();
  }

  @Test
  void aRunInProgressGoesToIncompleteWhenItsTokensAreSpent() {
    var conversation = Conversation.of(user, "rehearsal", "/long 2000");

    var run = conversation.run(conversation.body().put("max_completion_tokens", 256)).json();

    var done = conversation.until(run, "incomplete");
    assertThat(done.at("/incomplete_details/reason").asText()).isEqualTo("max_completion_tokens");
    assertThat(done.path("last_error").isNull()).isTrue();
    assertThat(conversation.lastMessage().path("status").asText()).isEqualTo("incomplete");
    assertThat(conversation.lastMessage().at("/incomplete_details/reason").asText())
        .isEqualTo("max_tokens");
  }

  @Test
  void aRunInProgressGoesToRequiresActionAndSaysWhatItNeeds() {
    var conversation = calling();

    var run = conversation.until(conversation.run(), "requires_action");

    assertThat(run.at("/required_action/type").asText()).isEqualTo("submit_tool_outputs");
    var calls = run.at("/required_action/submit_tool_outputs/tool_calls");
    assertThat(calls).hasSize(2);
    assertThat(calls.get(0).at("/function/name").asText()).isEqualTo("f");
    assertThat(calls.get(0).at("/function/arguments").asText()).isEqualTo("{\"n\":1}");
    assertThat(calls.get(0).path("type").asText()).isEqualTo("function");
    assertThat(calls.get(0).path("function").size()).isEqualTo(2);
    assertThat(run.path("usage").isNull()).isTrue();
  }

  @Test
  void aRunThatHasItsOutputsGoesBackToQueuedAndOnToCompleted() {
    var conversation = calling();
    var waiting = conversation.until(conversation.run(), "requires_action");

    var queued =
        conversation.submit(waiting, Conversation.outputs(Conversation.calls(waiting))).json();

    assertThat(queued.path("status").asText()).isEqualTo("queued");
    assertThat(queued.path("required_action").isNull()).isTrue();
    assertEnded(conversation.until(queued, "completed"), "completed", "completed_at");
    var sent = provider.lastRequest().body().path("messages");
    assertThat(sent.get(sent.size() - 1).path("role").asText()).isEqualTo("tool");
    assertThat(sent.get(sent.size() - 1).path("content").asText())
        .isEqualTo(Conversation.calls(waiting).getLast());
  }

  @Test
  void aRunInProgressIsCancelledAndItsModelCallAborted() {
    var conversation = gated();
    var run = inProgress(conversation);
    Awaitility.await().until(() -> gate.waiting() > 0);

    var cancelling = conversation.cancel(run);

    assertThat(cancelling.json().path("status").asText()).isEqualTo("cancelling");
    assertEnded(conversation.until(run, "cancelled"), "cancelled", "cancelled_at");
    Awaitility.await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aRunInProgressThatIsCancelledKeepsThePartialMessage() {
    var conversation = gated();
    JsonNode run;
    try (var stream = conversation.stream()) {
      run = stream.next("thread.run.in_progress").json();
      gate.release(2); // the role, and one word
      stream.next("thread.message.delta");
      conversation.cancel(run);
      assertThat(stream.rest().getLast().isDone()).isTrue();
    }

    conversation.until(run, "cancelled");
    var message = conversation.lastMessage();
    assertThat(message.path("status").asText()).isEqualTo("incomplete");
    assertThat(message.at("/incomplete_details/reason").asText()).isEqualTo("run_cancelled");
    assertThat(message.path("incomplete_at").isIntegralNumber()).isTrue();
    assertThat(Conversation.text(message)).isEqualTo("one ");
    assertThat(conversation.steps(run).get(0).path("status").asText()).isEqualTo("cancelled");
  }

  @Test
  void aRunThatWaitsForItsClientIsCancelledAndEachCallHasAResult() {
    var conversation = calling();
    var waiting = conversation.until(conversation.run(), "requires_action");

    conversation.cancel(waiting);

    assertEnded(conversation.until(waiting, "cancelled"), "cancelled", "cancelled_at");
    var step = conversation.steps(waiting).get(0);
    assertThat(step.path("status").asText()).isEqualTo("cancelled");
    assertThat(step.path("cancelled_at").isIntegralNumber()).isTrue();
    assertThat(step.findValuesAsText("output")).hasSize(2).allMatch(text -> !text.isBlank());
  }

  @Test
  void aQueuedRunIsCancelledAndNeverStarts() {
    var conversation = gated();
    var active = inProgress(conversation);
    var queued = conversation.run(conversation.body().put("on_active_run", "queue")).json();

    var cancelling = conversation.cancel(queued);

    assertThat(cancelling.json().path("status").asText()).isEqualTo("cancelling");
    var cancelled = conversation.until(queued, "cancelled");
    assertThat(cancelled.path("started_at").isNull()).isTrue();
    gate.open();
    conversation.until(active, "completed");
    assertThat(conversation.get(queued)).isEqualTo(cancelled);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aRunInProgressExpiresWhenItsTimeIsUp() {
    var conversation = gated();
    var run = inProgress(conversation);
    Awaitility.await().until(() -> gate.waiting() > 0);

    clock.advance(LIFE_OF_A_RUN.plusSeconds(1));

    assertEnded(conversation.until(run, "expired"), "expired", "none");
    Awaitility.await().until(() -> provider.lastRequest().hungUp());
    assertThat(conversation.say("more").status()).isEqualTo(200);
  }

  @Test
  void aQueuedRunExpiresAndNeverStarts() {
    var conversation = gated();
    var active = inProgress(conversation);
    var queued = conversation.run(conversation.body().put("on_active_run", "queue")).json();

    clock.advance(LIFE_OF_A_RUN.plusSeconds(1));

    assertEnded(conversation.until(queued, "expired"), "expired", "none");
    conversation.until(active, "expired");
    assertThat(conversation.get(queued).path("started_at").isNull()).isTrue();
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aRunThatWaitsForItsClientExpiresAndEachCallHasAResult() {
    var conversation = calling();
    var waiting = conversation.until(conversation.run(), "requires_action");

    clock.advance(LIFE_OF_A_RUN.plusSeconds(1));

    assertEnded(conversation.until(waiting, "expired"), "expired", "none");
    var step = conversation.steps(waiting).get(0);
    assertThat(step.path("status").asText()).isEqualTo("expired");
    assertThat(step.path("expired_at").isIntegralNumber()).isTrue();
    assertThat(step.findValuesAsText("output")).hasSize(2).allMatch(text -> !text.isBlank());
  }

  @Test
  void aRunDoesNotExpireBeforeItsTime() {
    var conversation = calling();
    var waiting = conversation.until(conversation.run(), "requires_action");

    clock.advance(LIFE_OF_A_RUN.minusSeconds(60));

    conversation.submit(waiting, Conversation.outputs(Conversation.calls(waiting)));
    assertThat(conversation.until(waiting, "completed", "expired").path("status").asText())
        .isEqualTo("completed");
  }

  @Test
  void aThreadWithInterruptedCallsContinuesWithAValidHistory() {
    var conversation = calling();
    var waiting = conversation.until(conversation.run(), "requires_action");
    conversation.cancel(waiting);
    conversation.until(waiting, "cancelled");

    conversation.say("Again, without tools.");
    conversation.until(conversation.run(), "completed");

    var sent = provider.lastRequest().body().path("messages");
    var callIds = sent.findValuesAsText("tool_call_id");
    for (var message : sent) {
      for (var call : message.path("tool_calls")) {
        assertThat(callIds).contains(call.path("id").asText());
      }
    }
  }
}
