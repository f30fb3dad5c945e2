package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** Targets that fail, that end with their caller, or that would exceed a limit. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RoutingLimitsTest extends RoutingFixture {
  @Test
  void whatATargetSpendsIsSpentByItsCaller() {
    var target = legalAdvisor();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."));

    var run = runs.run(frontDesk(target), "Ask.");

    // The fake provider counts 10 tokens a prompt, 5 a call and 1 a word.
    assertThat(run.run().at("/usage/prompt_tokens").asInt()).isEqualTo(30);
    assertThat(run.run().at("/usage/completion_tokens").asInt()).isEqualTo(5 + 3 + 1);
    assertThat(routedTo(run.calls().getFirst()).at("/usage/completion_tokens").asInt())
        .isEqualTo(3);
  }

  @Test
  void targetsShareWhatTheirCallerMayStillSpend() {
    var target = legalAdvisor();
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_legal_advisor_ai", ASK),
            new Reply.Call("b", "route_to_legal_advisor_ai", ASK)),
        Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."), Reply.text("By clause 5."));
    var body =
        "{\"assistant_id\": \"%s\", \"max_completion_tokens\": 300, \"max_prompt_tokens\": 1000, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(frontDesk(target));

    var run = runs.stopped(api.post("/v1/threads/runs", body).json());

    var child = routedTo(run.calls().getFirst());
    assertThat(child.path("max_completion_tokens").asInt()).isEqualTo((300 - 10) / 2);
    assertThat(child.path("max_prompt_tokens").asInt()).isEqualTo((1000 - 10) / 2);
    assertThat(child.path("expires_at").isNull()).isTrue();
  }

  @Test
  void anAssistantInTheChainIsNotAskedAgain() {
    var desk = runs.assistant(front, "\"name\": \"Front\",");
    var target = legalAdvisor(routing("delegate", "", desk));
    api.post(
        "/v1/assistants/" + desk, "{\"tools\": [%s]}".formatted(routing("delegate", "", target)));
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.call("route_to_front", ASK), Reply.text("By clause 5."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.status()).isEqualTo("completed");
    var child = runs.stopped(routedTo(run.calls().getFirst()));
    assertThat(child.output(0)).startsWith(error("routing_cycle"));
    assertThat(run.output(0)).isEqualTo("By clause 5.");
  }

  @Test
  void noChainIsDeeperThanEight() {
    String below = null;
    var models = new ArrayList<String>();
    for (int i = 0; i < 10; i++) {
      var model = model("level");
      models.add(model);
      var name = "\"name\": \"Level %d\",".formatted(i);
      below =
          below == null
              ? runs.assistant(model, name)
              : runs.assistant(model, name, routing("delegate", "", below));
      if (i > 0) {
        provider.replyTo(
            model, Reply.call("route_to_level_" + (i - 1), ASK), Reply.text("From level " + i));
      }
    }

    var run = runs.run(below, "Ask down.");

    assertThat(run.status()).isEqualTo("completed");
    for (int level = 9; level > 1; level--) {
      assertThat(run.output(0)).isEqualTo("From level " + (level - 1));
      run = runs.stopped(routedTo(run.calls().getFirst()));
    }
    assertThat(run.output(0)).startsWith(error("routing_too_deep"));
    assertThat(provider.requests()).noneMatch(r -> r.model().equals(models.getFirst()));
  }

  @Test
  void aTargetThatWasDeletedIsAClearResult() {
    var target = legalAdvisor();
    var desk = frontDesk(target);
    api.delete("/v1/assistants/" + target);
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Nobody."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).startsWith(error("assistant_not_found")).contains(target);
  }

  @Test
  void aTargetThatFailsIsAClearResult() {
    var target = legalAdvisor();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("A pity."));
    provider.replyTo(legal, Reply.error(400, "bad", "The model is broken."));

    var run = runs.run(frontDesk(target), "Ask.");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).startsWith(error("assistant_failed")).contains("Legal Advisor AI");
    assertThat(routedTo(run.calls().getFirst()).path("status").asText()).isEqualTo("failed");
  }

  @Test
  void cancellingTheCallerCancelsAllThatIsBelowIt() {
    var tax = model("tax");
    var deepest = runs.assistant(tax, "\"name\": \"Tax\",");
    var target = legalAdvisor(routing("delegate", "", deepest));
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK));
    provider.replyTo(legal, Reply.call("route_to_tax", ASK));
    provider.replyTo(tax, Reply.hang());
    var run = runs.start(frontDesk(target), "Ask.");
    var child = routedTo(routedCall(run));
    var grandchild = routedTo(routedCall(child));
    await().atMost(PATIENCE).until(() -> provider.lastRequest().model().equals(tax));

    assertThat(api.post(path(run) + "/cancel", null).status()).isEqualTo(200);

    awaitStatus(run, "cancelled");
    awaitStatus(child, "cancelled");
    awaitStatus(grandchild, "cancelled");
    var again = api.post("/v1/threads/" + run.path("thread_id").asText() + "/messages", HELLO);
    assertThat(again.status()).isEqualTo(200);
  }

  @Test
  void aTargetThatIsCancelledAloneIsAClearResult() {
    var target = legalAdvisor();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("A pity."));
    provider.replyTo(legal, Reply.hang());
    var run = runs.start(frontDesk(target), "Ask.");
    var child = routedTo(routedCall(run));

    api.post(path(child) + "/cancel", null);

    var ended = runs.stopped(run);
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(ended.output(0)).startsWith(error("assistant_cancelled"));
  }
}
