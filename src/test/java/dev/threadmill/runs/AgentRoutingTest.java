package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SdkMcpServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Calls that are routed to other assistants, and the results that the model is given. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class AgentRoutingTest extends RoutingFixture {
  @Test
  void aTargetWorksInAThreadOfItsOwnAndItsAnswerIsTheResultOfTheCall() {
    var target = legalAdvisor();
    provider.replyTo(
        front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("It is binding."));
    provider.replyTo(legal, Reply.text("Yes, by clause 5."));

    var run = runs.run(frontDesk(target), "Ask our lawyer.");

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    assertThat(runs.lastText(run)).isEqualTo("It is binding.");
    var call = run.calls().getFirst();
    assertThat(call.path("type").asText()).isEqualTo("agent_routing");
    assertThat(call.path("target_assistant_id").asText()).isEqualTo(target);
    assertThat(call.path("mode").asText()).isEqualTo("delegate");
    assertThat(call.path("message").asText()).isEqualTo("Is it binding?");
    assertThat(run.output(0)).isEqualTo("Yes, by clause 5.");
    var child = routedTo(call);
    assertThat(child.path("status").asText()).isEqualTo("completed");
    assertThat(child.path("assistant_id").asText()).isEqualTo(target);
    assertThat(child.path("parent_run_id").asText()).isEqualTo(id(run.run()));
    assertThat(child.path("parent_thread_id")).isEqualTo(run.run().path("thread_id"));
    assertThat(run.run().has("parent_run_id")).isFalse();
    var messages =
        api.get("/v1/threads/" + call.path("thread_id").asText() + "/messages?order=asc")
            .json()
            .path("data");
    assertThat(messages.findValuesAsText("role")).containsExactly("user", "assistant");
    assertThat(messages.get(0).at("/content/0/text/value").asText()).isEqualTo("Is it binding?");
  }

  @Test
  void charactersThatCannotBeStoredAreReplacedInAMessage() {
    provider.replyTo(
        front,
        Reply.call("route_to_legal_advisor_ai", "{\"message\": \"a\\u0000b \\ud800 c\"}"),
        Reply.text("Done."));
    provider.replyTo(legal, Reply.text("Yes."));

    var run = runs.run(frontDesk(legalAdvisor()), "Ask.");

    assertThat(run.status()).as(run.run().toString()).isEqualTo("completed");
    assertThat(run.output(0)).isEqualTo("Yes.");
    assertThat(run.calls().getFirst().path("message").asText()).startsWith("a").endsWith("c");
  }

  @Test
  void theModelSeesOneFunctionForEachTarget() {
    var first = runs.assistant(legal, "\"name\": \"flight-booking\", \"description\": \"Books.\",");
    var second = runs.assistant(legal, "\"name\": \"Flight Booking\",");
    var third = runs.assistant(legal, "\"name\": \"LegalReviewAssistant\",");
    var nameless = runs.assistant(legal, "");
    provider.replyTo(front, Reply.text("Hello."));

    var run = runs.run(frontDesk(first, second, third, nameless), "Hello");

    var tools = provider.lastRequest().body().path("tools");
    assertThat(tools.findValuesAsText("name"))
        .containsExactly(
            "route_to_flight_booking",
            "route_to_flight_booking_2",
            "route_to_legal_review_assistant",
            "route_to_" + nameless);
    var function = tools.get(0).path("function");
    assertThat(function.path("description").asText()).contains("flight-booking", "Books.");
    assertThat(function.at("/parameters/properties").properties()).hasSize(1);
    assertThat(function.at("/parameters/properties/message/type").asText()).isEqualTo("string");
    assertThat(run.run().at("/tools/0/agent_routing/targets").toString())
        .isEqualTo("[\"%s\",\"%s\",\"%s\",\"%s\"]".formatted(first, second, third, nameless));
    assertThat(run.run().at("/tools/0/agent_routing").has("names")).isFalse();
  }

  @Test
  void severalTargetsWorkAtTheSameTime() {
    var target = legalAdvisor();
    var tax = model("tax");
    var other = runs.assistant(tax, "\"name\": \"Tax\",");
    var gate = new ReplyGate();
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_legal_advisor_ai", ASK),
            new Reply.Call("b", "route_to_tax", "{\"message\": \"How much?\"}"),
            new Reply.Call("c", "route_to_tax", "{\"message\": \"How long?\"}")),
        Reply.text("Done."));
    provider.replyTo(legal, Reply.text("Yes.").withGate(gate));
    provider.replyTo(tax, Reply.text("Much.").withGate(gate), Reply.text("Much.").withGate(gate));

    var run = runs.start(frontDesk(target, other), "Ask all.");
    await().atMost(PATIENCE).until(() -> gate.waiting() == 3);
    assertThat(status(run)).isEqualTo("in_progress");
    gate.open();

    var ended = runs.stopped(run);
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(List.of(ended.output(0), ended.output(1), ended.output(2)))
        .containsExactly("Yes.", "Much.", "Much.");
    assertThat(ended.calls())
        .extracting(call -> call.path("thread_id").asText())
        .doesNotHaveDuplicates();
  }

  @Test
  void webhooksMcpToolsAndOtherAssistantsWorkSideBySide() {
    var answered = new CountDownLatch(1);
    try (var receiver = RecordingServer.start();
        var mcp = new SdkMcpServer().with("echo", null, text -> "echo " + text)) {
      // Given: a webhook that answers only when the other assistant has
      receiver.on(
          "/cases",
          (exchange, call) -> {
            awaitQuietly(answered);
            RecordingServer.reply(exchange, 200, "application/json", "{\"case\": 42}");
          });
      var target = legalAdvisor();
      var desk =
          runs.assistant(
              front,
              "",
              "{\"type\": \"webhook\", \"name\": \"open_case\", \"endpoint\": \"%s\"}"
                  .formatted(receiver.url("/cases")),
              "{\"type\": \"mcp\", \"server_label\": \"docs\", \"server_url\": \"%s\", \"require_approval\": \"never\"}"
                  .formatted(mcp.url()),
              routing("delegate", "", target));
      provider.replyTo(
          front,
          Reply.calls(
              new Reply.Call("a", "open_case", "{}"),
              new Reply.Call("b", "docs_echo", "{\"text\": \"hello\"}"),
              new Reply.Call("c", "route_to_legal_advisor_ai", ASK)),
          Reply.text("Done."));
      provider.replyTo(legal, Reply.text("Yes."));

      // When
      var run = runs.start(desk, "Do all.");
      awaitStatus(routedTo(routedCall(run)), "completed");
      assertThat(status(run)).isEqualTo("in_progress");
      answered.countDown();

      // Then
      var ended = runs.stopped(run);
      assertThat(ended.status()).isEqualTo("completed");
      assertThat(List.of(ended.output(0), ended.output(1), ended.output(2)))
          .containsExactly("{\"case\": 42}", "echo hello", "Yes.");
      assertThat(receiver.calls()).hasSize(1);
    } finally {
      answered.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void theClientIsAskedWhenTheAssistantsHaveAnswered() {
    var target = legalAdvisor();
    var gate = new ReplyGate();
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "look", "{}"),
            new Reply.Call("b", "route_to_legal_advisor_ai", ASK)),
        Reply.text("Done."));
    provider.replyTo(legal, Reply.text("Yes.").withGate(gate));
    var desk =
        runs.assistant(
            front,
            "",
            "{\"type\": \"function\", \"function\": {\"name\": \"look\"}}",
            routing("delegate", "", target));

    var run = runs.start(desk, "Do both.");
    await().atMost(PATIENCE).until(() -> gate.waiting() == 1);
    assertThat(status(run)).isEqualTo("in_progress");
    gate.open();
    var waiting = runs.stopped(run);

    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(waiting.open()).containsExactly(waiting.calls().getFirst().path("id").asText());
    var ended = runs.submit(waiting, "seen");
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(List.of(ended.output(0), ended.output(1))).containsExactly("seen", "Yes.");
  }

  @Test
  void aTargetThatNeedsItsClientIsAnsweredByTheIdOfItsRun() {
    var target = legalAdvisor("{\"type\": \"function\", \"function\": {\"name\": \"look\"}}");
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.call("look", "{}"), Reply.text("By clause 5."));

    var run = runs.start(frontDesk(target), "Ask.");
    var child = runs.stopped(routedTo(routedCall(run)));
    assertThat(child.status()).isEqualTo("requires_action");
    assertThat(status(run)).isEqualTo("in_progress");
    runs.submit(child, "clause 5");

    var ended = runs.stopped(run);
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(ended.output(0)).isEqualTo("By clause 5.");
  }

  @Test
  void targetsThatDoNotExistAreRefusedByName() {
    var strange = ApiClient.stranger().post("/v1/assistants", "{\"model\": \"m\"}").id();
    var target = legalAdvisor();
    for (var wrong :
        List.of(
            "\"targets\": [\"asst_nobody\"]",
            "\"targets\": [\"" + target + "\", \"" + strange + "\"]",
            "\"targets\": []",
            "\"targets\": [\"thread_x\"]",
            "\"targets\": [{\"thread_id\": \"thread_x\"}]",
            "\"targets\": [{\"assistant_id\": \"" + target + "\", \"nickname\": \"x\"}]",
            "\"targets\": [\"" + target + "\", \"" + target + "\"]",
            "\"targets\": [\"" + target + "\"], \"mode\": \"ask\"",
            "\"targets\": [\"" + target + "\"], \"names\": [{\"function\": \"x\"}]")) {
      var tools = "\"tools\": [{\"type\": \"agent_routing\", \"agent_routing\": {" + wrong + "}}]";
      var created = api.post("/v1/assistants", "{\"model\": \"m\", " + tools + "}");
      assertThat(created.status()).as(wrong).isEqualTo(400);
      assertThat(created.error().path("param").asText())
          .as(created.text())
          .startsWith("tools[0].agent_routing");
      var run =
          api.post("/v1/threads/runs", "{\"assistant_id\": \"" + target + "\", " + tools + "}");
      assertThat(run.status()).as(wrong).isEqualTo(400);
    }
    var self =
        api.post(
            "/v1/assistants/" + target, "{\"tools\": [" + routing("delegate", "", target) + "]}");
    assertThat(self.status()).isEqualTo(400);
    assertThat(self.error().path("param").asText()).isEqualTo("tools[0].agent_routing.targets[0]");
  }
}
