package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Routing after which the target, not the caller, answers the user. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class HandoffTest extends HandoffFixture {
  @Inject Jdbc jdbc;

  @Test
  void theTargetsAnswerIsTheAnswerOfTheRun() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER));

    var run = runs.run(desk(target), "Is clause 5 binding?");

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    assertThat(runs.lastText(run)).isEqualTo(ANSWER);
    assertThat(run.output(0)).contains("taken over");
    assertThat(run.calls().getFirst().path("mode").asText()).isEqualTo("handoff");
    var thread = run.run().path("thread_id").asText();
    var said = api.get("/v1/threads/" + thread + "/messages?limit=1").json().at("/data/0");
    assertThat(said.path("assistant_id").asText()).isEqualTo(target);
    assertThat(said.path("run_id")).isEqualTo(run.run().path("id"));
    assertThat(run.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 9);
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void theTargetsReasoningCountsAsUsageOfTheRun() {
    var target = lawyer();
    var counted =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":30,"
            + "\"completion_tokens_details\":{\"reasoning_tokens\":20}}}\n\n";
    var steps = new ArrayList<>(Reply.text(ANSWER).without(Reply.Step.Usage.class).steps());
    steps.add(steps.size() - 1, new Reply.Step.Raw(counted.getBytes(StandardCharsets.UTF_8)));
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.streamed(steps));

    var run = runs.run(desk(target), "Is clause 5 binding?");

    assertThat(run.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 30);
    assertThat(run.run().at("/usage/completion_tokens_details/reasoning_tokens").asInt())
        .isEqualTo(20);
  }

  @Test
  void theTargetAnswersTheUserFromThenOnUnlessAnotherIsNamed() {
    var target = lawyer();
    var desk = desk(target);
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER), Reply.text("From the desk."));
    provider.replyTo(legal, Reply.text(ANSWER), Reply.text("From the lawyer."));
    var first = runs.run(desk, "Is clause 5 binding?");
    var thread = "/v1/threads/" + first.run().path("thread_id").asText();
    var hello = "{\"role\": \"user\", \"content\": \"And clause 6?\"}";

    assertThat(api.get(thread).json().path("assistant_id").asText()).isEqualTo(target);
    api.post(thread + "/messages", hello);
    var second = runs.stopped(api.post(thread + "/runs", "{}").json());
    assertThat(second.run().path("assistant_id").asText()).isEqualTo(target);
    assertThat(runs.lastText(second)).isEqualTo("From the lawyer.");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("Is clause 5 binding?", ANSWER, "And clause 6?");
    var third =
        runs.stopped(api.post(thread + "/runs", "{\"assistant_id\": \"" + desk + "\"}").json());
    assertThat(runs.lastText(third)).isEqualTo("From the desk.");
  }

  @Test
  void aTargetMayHandOverAgainAndAllCallersStreamTheAnswer() {
    var judge = model("judge");
    var last = runs.assistant(judge, "\"name\": \"Judge\",");
    var target = lawyer(handoff(last));
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.call("route_to_judge", OVER));
    provider.replyTo(judge, Reply.text(ANSWER).withGate(gate));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      gate.release(5);
      stream.next("thread.message.delta");
      gate.open();
      stream.next("thread.run.completed");

      var ended = runs.stopped(run);
      assertThat(runs.lastText(ended)).isEqualTo(ANSWER);
      assertThat(runs.lastText(runs.stopped(answering(run)))).isEqualTo(ANSWER);
      assertThat(ended.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 5 + 9);
      assertThat(
              api.get("/v1/threads/" + run.path("thread_id").asText())
                  .json()
                  .path("assistant_id")
                  .asText())
          .isEqualTo(last);
    }
  }

  @Test
  void aRunThatHasHandedOverEndsAsTheOneThatAnswers() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.error(400, "bad", "The model is broken."));

    var run = runs.run(desk(target), "Is clause 5 binding?");

    assertThat(run.status()).isEqualTo("failed");
    assertThat(run.run().at("/last_error/message").asText()).contains("The model is broken.");
    assertThat(
            api.get("/v1/threads/" + run.run().path("thread_id").asText())
                .json()
                .path("assistant_id")
                .isNull())
        .isTrue();
  }

  @Test
  void cancellingARunThatHasHandedOverCutsTheAnswerForBoth() {
    var target = lawyer();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.text(ANSWER).hangAfter(4));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      stream.next("thread.message.delta");

      var answer = api.post(path(run) + "/cancel", null);

      assertThat(answer.json().path("status").asText()).isEqualTo("cancelling");
      stream.next("thread.message.incomplete");
      stream.next("thread.run.cancelled");
      awaitStatus(answering(run), "cancelled");
      awaitStatus(run, "cancelled");
      var said = api.get("/v1/threads/" + run.path("thread_id").asText() + "/messages?limit=1");
      assertThat(said.json().at("/data/0/status").asText()).isEqualTo("incomplete");
    }
  }

  @Test
  void aHandoffWhoseCommitIsRefusedLeavesNoEvent() {
    var target = lawyer();
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER).withGate(gate));
    try (var stream = stream(desk(target))) {
      var run = stream.next("thread.run.in_progress").json();
      // Another node cancels the run and its signal is lost.
      jdbc.update("UPDATE runs SET status = 'cancelling' WHERE id = ?", run.path("id").asText());
      gate.open();

      awaitStatus(run, "cancelled");
      var types =
          jdbc.list(
              "SELECT type FROM outbox WHERE payload ->> 'run_id' = ?",
              row -> row.text("type"),
              run.path("id").asText());
      assertThat(types).contains("run.cancelled").doesNotContain("handoff");
    }
  }

  @Test
  void aHandoffAmongOtherCallsIsRefusedAndTheOthersAreMade() {
    var target = lawyer();
    var other = model("other");
    var helper = runs.assistant(other, "\"name\": \"Helper\",");
    var desk =
        runs.assistant(
            front,
            "",
            handoff(target),
            "{\"type\": \"agent_routing\", \"targets\": [\"" + helper + "\"]}");
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_lawyer", OVER),
            new Reply.Call("b", "route_to_helper", OVER)),
        Reply.text("Done."));
    provider.replyTo(other, Reply.text("Helped."));

    var run = runs.run(desk, "Both.");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("handoff_not_alone");
    assertThat(run.output(1)).isEqualTo("Helped.");
  }

  @Test
  void allOfATreeExpireTogether() {
    var target = lawyer(handoff(runs.assistant(model("x"), "\"name\": \"X\",")));
    var desk =
        runs.assistant(
            front, "", "{\"type\": \"agent_routing\", \"targets\": [\"" + target + "\"]}");
    provider.replyTo(front, Reply.call("route_to_lawyer", OVER));
    provider.replyTo(legal, Reply.call("route_to_x", OVER));
    provider.otherwise(_ -> Reply.hang());
    var run = runs.start(desk, "Ask.");
    var child = answering(run);
    var grandchild = answering(child);
    assertThat(List.of(child.path("expires_at"), grandchild.path("expires_at")))
        .containsOnly(run.path("expires_at"));

    clock.advance(Duration.ofMinutes(11));

    for (var each : List.of(run, child, grandchild)) {
      awaitStatus(each, "expired");
    }
  }
}
