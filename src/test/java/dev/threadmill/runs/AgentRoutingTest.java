package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SdkMcpServer;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class AgentRoutingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String ASK = "{\"message\": \"Is it binding?\"}";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final String front = model("front");
  private final String legal = model("legal");

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  /** A model that no other test uses. */
  private static String model(String name) {
    return name + "-" + UUID.randomUUID();
  }

  private String legalAdvisor(String... tools) {
    return runs.assistant(legal, "\"name\": \"Legal Advisor AI\",", tools);
  }

  private String frontDesk(String... targets) {
    return runs.assistant(front, "", routing("delegate", "", targets));
  }

  private static String routing(String mode, String more, String... targets) {
    return "{\"type\": \"agent_routing\", \"agent_routing\": {\"targets\": [\"%s\"], \"mode\": \"%s\"%s}}"
        .formatted(String.join("\", \"", targets), mode, more);
  }

  private static String path(JsonNode run) {
    return "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + id(run);
  }

  private static String id(JsonNode run) {
    return run.path("id").asText();
  }

  /** The run that a call was routed to. */
  private JsonNode routedTo(JsonNode call) {
    return api.get(
            "/v1/threads/%s/runs/%s"
                .formatted(call.path("thread_id").asText(), call.path("run_id").asText()))
        .json();
  }

  /** The first call of a run, once it has been routed. */
  private JsonNode routedCall(JsonNode run) {
    return routedCalls(run, 1).getFirst();
  }

  private List<JsonNode> routedCalls(JsonNode run, int count) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              var calls = new ArrayList<JsonNode>();
              for (var step : api.get(path(run) + "/steps?order=asc").json().path("data")) {
                for (var call : step.at("/step_details/tool_calls")) {
                  if (call.has("run_id")) {
                    calls.add(call);
                  }
                }
              }
              return calls;
            },
            calls -> calls.size() == count);
  }

  private String status(JsonNode run) {
    return api.get(path(run)).json().path("status").asText();
  }

  private void awaitStatus(JsonNode run, String status) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(status(run)).isEqualTo(status));
  }

  private static String error(String type) {
    return "{\"error\":{\"type\":\"" + type + "\"";
  }

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
  void aMessageThatNoDatabaseHoldsIsMended() {
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
  void theStreamOfTheCallerStaysOpenAndTellsWhoWorksOnTheCall() {
    var target = legalAdvisor();
    var gate = new ReplyGate();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("Yes, by clause 5.").withGate(gate));
    var body =
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(frontDesk(target));
    try (var stream = api.stream("/v1/threads/runs", body)) {
      var run = stream.next("thread.run.in_progress").json();
      JsonNode routed = null;
      while (routed == null) {
        var call =
            stream.next("thread.run.step.delta").json().at("/delta/step_details/tool_calls/0");
        assertThat(call.path("type").asText()).isEqualTo("agent_routing");
        routed = call.has("run_id") ? call : null;
      }
      assertThat(routed.path("target_assistant_id").asText()).isEqualTo(target);
      assertThat(routedTo(routed).path("parent_run_id").asText()).isEqualTo(id(run));
      assertThat(status(run)).isEqualTo("in_progress");

      gate.open();

      var answered = stream.next("thread.run.step.delta").json();
      assertThat(answered.at("/delta/step_details/tool_calls/0/function/output").asText())
          .isEqualTo("Yes, by clause 5.");
      var rest = stream.rest();
      assertThat(rest.stream().map(frame -> frame.event()))
          .startsWith("thread.run.step.completed", "thread.run.step.created")
          .endsWith("thread.run.completed", "done")
          .doesNotContain("thread.run.requires_action", "thread.run.queued");
    }
  }

  @Test
  void aStreamThatIsAttachedLaterTellsTheSame() {
    var target = legalAdvisor();
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."));
    var body =
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(frontDesk(target));
    List<String> live;
    JsonNode run;
    try (var stream = api.stream("/v1/threads/runs", body)) {
      run = stream.next("thread.run.created").json();
      live = stream.rest().stream().map(frame -> frame.field("data")).toList();
    }
    try (var stream = api.events(path(run) + "/events")) {
      var replayed = stream.rest();
      var deltas =
          replayed.stream().filter(f -> "thread.run.step.delta".equals(f.event())).toList();
      assertThat(deltas)
          .allMatch(
              f ->
                  f.json()
                      .at("/delta/step_details/tool_calls/0/type")
                      .asText()
                      .equals("agent_routing"));
      assertThat(live)
          .contains(
              deltas.stream()
                  .map(f -> f.field("data"))
                  .filter(data -> data.contains("run_id") || data.contains("output"))
                  .toArray(String[]::new));
    }
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

  private static final String HELLO = "{\"role\": \"user\", \"content\": \"Hello\"}";

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

  @Test
  void aTargetGoesOnInItsThreadIfItIsToldTo() {
    var target = legalAdvisor();
    var desk =
        runs.assistant(front, "", routing("delegate", ", \"threads\": \"continue\"", target));
    provider.replyTo(
        front,
        Reply.call("route_to_legal_advisor_ai", ASK),
        Reply.text("Yes."),
        Reply.call("route_to_legal_advisor_ai", "{\"message\": \"Since when?\"}"),
        Reply.text("Since May."));
    provider.replyTo(legal, Reply.text("By clause 5."), Reply.text("Since May."));

    var first = runs.run(desk, "Ask.");
    var thread = first.run().path("thread_id").asText();
    api.post("/v1/threads/" + thread + "/messages", HELLO);
    var second =
        runs.stopped(
            api.post("/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"" + desk + "\"}")
                .json());

    assertThat(second.calls().getFirst().path("thread_id"))
        .isEqualTo(first.calls().getFirst().path("thread_id"));
    var prompt =
        provider.requests().stream().filter(r -> r.model().equals(legal)).toList().getLast();
    assertThat(prompt.body().path("messages").toString())
        .contains("Is it binding?", "By clause 5.", "Since when?");
  }

  @Test
  void aTargetWorksInTheThreadThatIsNamed() {
    var target = legalAdvisor();
    var thread = api.post("/v1/threads", "{\"messages\": [" + HELLO + "]}").id();
    var desk =
        runs.assistant(
            front,
            "",
            "{\"type\": \"agent_routing\", \"targets\": [{\"assistant_id\": \"%s\", \"thread_id\": \"%s\"}]}"
                .formatted(target, thread));
    provider.replyTo(front, Reply.call("route_to_legal_advisor_ai", ASK), Reply.text("Yes."));
    provider.replyTo(legal, Reply.text("By clause 5."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.calls().getFirst().path("thread_id").asText()).isEqualTo(thread);
    assertThat(run.output(0)).isEqualTo("By clause 5.");
  }

  @Test
  void aNamedThreadThatIsInUseOrOfAnotherProjectIsAClearResult() {
    var target = legalAdvisor();
    var busy = api.post("/v1/threads", "{\"messages\": [" + HELLO + "]}").id();
    provider.replyTo(legal, Reply.hang());
    var other = api.post("/v1/threads/" + busy + "/runs", "{\"assistant_id\": \"" + target + "\"}");
    var strange = ApiClient.stranger().post("/v1/threads", null).id();
    var desk =
        runs.assistant(
            front,
            "",
            """
            {"type": "agent_routing", "targets": [
              {"assistant_id": "%s", "thread_id": "%s"}, {"assistant_id": "%s", "thread_id": "%s"}]}
            """
                .formatted(target, busy, target, strange));
    provider.replyTo(
        front,
        Reply.calls(
            new Reply.Call("a", "route_to_legal_advisor_ai", ASK),
            new Reply.Call("b", "route_to_legal_advisor_ai_2", ASK)),
        Reply.text("Nobody."));

    var run = runs.run(desk, "Ask.");

    assertThat(run.output(0)).startsWith(error("thread_busy"));
    assertThat(run.output(1)).startsWith(error("thread_not_found"));
    api.post(path(other.json()) + "/cancel", null);
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
