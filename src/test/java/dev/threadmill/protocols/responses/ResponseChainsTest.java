package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses that continue each other or a conversation. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponseChainsTest extends ResponsesFixture {
  private static final ProjectId PROJECT = new ProjectId("proj_default");

  @Inject Jdbc jdbc;
  @Inject ResponseStore store;
  @Inject ReadHistory history;

  @Test
  void twoResponsesMayContinueTheSameOneAndDoNotSeeEachOther() {
    provider.replyTo(model, Reply.text("One."), Reply.text("Two."), Reply.text("Three."));
    var first = create("\"input\": \"first\"");
    var chain = "\"previous_response_id\": \"%s\"".formatted(first.path("id").asText());

    create(chain + ", \"input\": \"left\"");
    create(chain + ", \"input\": \"right\"");

    assertThat(messagesOfLastRequest().toString())
        .contains("first", "One.", "right")
        .doesNotContain("left", "Two.");
  }

  @Test
  void aBranchBehindAFunctionCallHasTheCallWithItsOwnOutput() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("A."), Reply.text("B."));
    var first = create("\"input\": \"Go\", " + TOOL);
    var call = first.at("/output/0/call_id").asText();
    var next =
        """
        "previous_response_id": "%s", "input": [{"type": "function_call_output",
          "call_id": "%s", "output": "%s"}]""";

    create(next.formatted(first.path("id").asText(), call, "left"));
    create(next.formatted(first.path("id").asText(), call, "right"));

    assertThat(messagesOfLastRequest().toString()).contains("right").doesNotContain("left");
  }

  @Test
  void aHistoryOfCallsIsSentAsTheClientGivesIt() {
    provider.replyTo(model, Reply.text("Done."));

    create(
        """
        "store": false, "input": [
          {"role": "system", "content": "Speak Dutch."},
          {"role": "user", "content": "Go"},
          {"type": "function_call", "id": "fc_1", "call_id": "toolu_1", "name": "ask", "arguments": "{}"},
          {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "ask", "arguments": "{}"},
          {"type": "function_call_output", "call_id": "toolu_1", "output": "one"},
          {"type": "function_call_output", "call_id": "call_2", "output": "two"},
          {"role": "user", "content": "And?"}], """
            + TOOL);

    var messages = messagesOfLastRequest();
    var roles = new ArrayList<String>();
    messages.forEach(message -> roles.add(message.path("role").asText()));
    assertThat(roles).containsExactly("system", "user", "assistant", "tool", "tool", "user");
    assertThat(messages.at("/0/content").asText()).isEqualTo("Speak Dutch.");
    assertThat(messages.at("/2/tool_calls")).hasSize(2);
  }

  @Test
  void aConversationTakesInputAndOutputAndIsContinuedByTheAssistantsApi() {
    provider.replyTo(model, Reply.text("First."), Reply.text("Second."));
    var conversation = user.post("/v1/conversations", "{}").id();

    var response = create("\"conversation\": \"%s\", \"input\": \"one\"".formatted(conversation));

    assertThat(response.at("/conversation/id").asText()).isEqualTo(conversation);
    var thread = conversation.replace("conv_", "thread_");
    var messages = user.get("/v1/threads/" + thread + "/messages?order=asc").json().path("data");
    assertThat(messages.findValuesAsText("value")).containsExactly("one", "First.");
    var assistant = user.post("/v1/assistants", "{\"model\": \"%s\"}".formatted(model)).id();
    var run =
        user.post(
            "/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                user.get("/v1/threads/" + thread + "/runs/" + run.id())
                    .json()
                    .path("status")
                    .asText()
                    .equals("completed"));
    assertThat(
            user.get("/v1/conversations/" + conversation + "/items?order=asc")
                .json()
                .findValuesAsText("text"))
        .containsExactly("one", "First.", "Second.");
  }

  @Test
  void aRunThatWaitsIsAnOpenCallOfTheConversationAndTheNextResponseAnswersIt() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("Thanks."));
    var started = Conversation.of(user, model, "Go", "ask");
    var waiting = started.until(started.run(), "requires_action");
    var call = Conversation.calls(waiting).getFirst();
    var conversation = started.thread().replace("thread_", "conv_");

    var refused =
        user.post(
            "/v1/responses",
            body("\"conversation\": \"%s\", \"input\": \"And?\"".formatted(conversation)));
    assertThat(refused.error().path("message").asText())
        .isEqualTo("No tool output found for function call %s.".formatted(call));

    var response =
        create(
            """
            "conversation": {"id": "%s"}, "input": [{"type": "function_call_output",
              "call_id": "%s", "output": "42"}]"""
                .formatted(conversation, call));

    assertThat(text(response)).isEqualTo("Thanks.");
    assertThat(started.until(waiting, "completed").path("status").asText()).isEqualTo("completed");
  }

  @Test
  void anOpenCallOfAResponseIsARequiredActionThatTheAssistantsApiAnswers() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("Thanks."), Reply.text("Bye."));
    var conversation = user.post("/v1/conversations", "{}").id();
    var place = "\"conversation\": \"%s\"".formatted(conversation);
    var response = create(place + ", \"input\": \"Go\", " + TOOL);
    var call = response.at("/output/0/call_id").asText();
    var thread = "/v1/threads/" + conversation.replace("conv_", "thread_");

    var run = user.get(thread + "/runs").json().at("/data/0");
    assertThat(run.path("status").asText()).isEqualTo("requires_action");
    assertThat(run.at("/required_action/submit_tool_outputs/tool_calls/0/id").asText())
        .isEqualTo(call);
    var submitted =
        user.post(
            thread + "/runs/" + run.path("id").asText() + "/submit_tool_outputs",
            "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"42\"}]}".formatted(call));
    assertThat(submitted.status()).as(submitted.text()).isEqualTo(200);
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                user.get(thread + "/runs/" + run.path("id").asText())
                    .json()
                    .path("status")
                    .asText()
                    .equals("completed"));

    create(place + ", \"input\": \"And?\"");

    assertThat(messagesOfLastRequest().toString()).contains("42", "Thanks.", "And?");
    var items = user.get("/v1/conversations/" + conversation + "/items?order=asc").json();
    var types = new ArrayList<String>();
    items.path("data").forEach(item -> types.add(item.path("type").asText()));
    assertThat(types)
        .containsExactly(
            "message", "function_call", "function_call_output", "message", "message", "message");
    var messages = user.get(thread + "/messages?order=asc").json().path("data");
    assertThat(messages.findValuesAsText("value"))
        .containsExactlyElementsOf(items.findValuesAsText("text"));
    assertThat(user.get("/v1/responses/" + response.path("id").asText()).json().path("output"))
        .isEqualTo(response.path("output"));
  }

  @Test
  void aConversationIsLockedWhileARunIsActiveOnIt() {
    provider.replyTo(model, Reply.text("Slow.").withGate(gate), Reply.text("Next."));
    var conversation = user.post("/v1/conversations", "{}").id();
    var first =
        create(
            "\"background\": true, \"conversation\": \"%s\", \"input\": \"one\""
                .formatted(conversation));

    var second =
        user.post(
            "/v1/responses",
            body("\"conversation\": \"%s\", \"input\": \"two\"".formatted(conversation)));

    assertThat(second.status()).isEqualTo(400);
    assertThat(second.error().path("code").asText()).isEqualTo("conversation_locked");
    assertThat(second.error().path("param").asText()).isEqualTo("conversation");
    gate.open();
    until(first, "completed");
  }

  @Test
  void aChainIsNotFollowedBeyondTheLimitsOfItsLength() {
    provider.replyTo(model, Reply.text("One."), Reply.text("Two."), Reply.text("Three."));
    var first = create("\"input\": \"first\"").path("id").asText();
    var chained = "\"previous_response_id\": \"%s\", \"input\": \"%s\"";
    var second = create(chained.formatted(first, "second")).path("id").asText();
    var third = create(chained.formatted(second, "third")).path("id").asText();

    var whole = store.chain(PROJECT, third, 1_000, 1_000_000);
    assertThat(whole.ids()).containsExactly(third, second, first);
    assertThat(whole.characters())
        .isEqualTo(
            whole.ids().stream()
                .mapToLong(id -> store.find(PROJECT, id).orElseThrow().input().toString().length())
                .sum());

    assertThat(store.chain(PROJECT, third, 1, 1_000_000).ids()).containsExactly(third, second);
    assertThat(store.chain(PROJECT, third, 1_000, 10).ids()).containsExactly(third);
  }

  @Test
  void aBranchHasTheItemsOfALongChainInTheirOrder() {
    provider.replyTo(
        model,
        Reply.text("Answer 0."),
        Reply.text("Answer 1."),
        Reply.text("Answer 2."),
        Reply.text("Left."),
        Reply.text("Right."));
    var chained = "\"previous_response_id\": \"%s\", \"input\": \"%s\"";
    var last = create("\"input\": \"Question 0\"").path("id").asText();
    for (int i = 1; i < 3; i++) {
      last = create(chained.formatted(last, "Question " + i)).path("id").asText();
    }
    create(chained.formatted(last, "left"));

    create(chained.formatted(last, "right"));

    assertThat(messagesOfLastRequest().toString())
        .containsSubsequence(
            "Question 0",
            "Answer 0.",
            "Question 1",
            "Answer 1.",
            "Question 2",
            "Answer 2.",
            "right");
  }

  @Test
  void aLongChainIsReadInAFewStatements() {
    provider.otherwise(_ -> Reply.text("Yes."));
    var last = create("\"input\": \"Question 0\"").path("id").asText();
    for (int i = 1; i < 20; i++) {
      last =
          create("\"previous_response_id\": \"%s\", \"input\": \"Question %d\"".formatted(last, i))
              .path("id")
              .asText();
    }
    var response = store.find(PROJECT, last).orElseThrow();
    long before = jdbc.statements();

    var items = history.itemsUntil(PROJECT, response);

    // Work in the background adds some; each response once had four of its own.
    assertThat(jdbc.statements() - before).isLessThan(50);
    assertThat(items).hasSize(40);
  }
}
