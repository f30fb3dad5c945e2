package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The turns of a run: their limits, and which of their texts become messages. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class TurnsTest extends TurnsFixture {
  @Test
  void onlyTheFinalAnswerBecomesAMessageIfThatIsAsked() {
    // Given
    provider.replyTo(
        model,
        Reply.call("f", "{}").withTextBefore("Let me look."),
        Reply.text("It is sunny."),
        Reply.text("You are welcome."));
    var conversation = Conversation.of(user, model, "How is it?", "f");

    // When
    var first = framesOf(conversation, FINAL);
    var waiting = run(first);
    var second =
        framesOf(
            user.stream(
                conversation.path(waiting) + "/submit_tool_outputs",
                Conversation.outputs(Conversation.calls(waiting)).put("stream", true).toString()));

    // Then
    assertThat(SseStream.names(first)).noneMatch(name -> name.startsWith("thread.message"));
    assertThat(textsAt(first, "/delta/commentary/text").values()).containsExactly("Let me look.");
    assertThat(SseStream.names(second))
        .containsSubsequence("thread.run.step.completed", "thread.message.created");
    assertThat(textsAt(second, "/delta/content/0/text/value").values())
        .containsExactly("It is sunny.");
    assertThat(textsAt(second, "/delta/commentary/text").values()).containsExactly("It is sunny.");
    assertThat(conversation.messages())
        .extracting(Conversation::text)
        .containsExactly("How is it?", "It is sunny.");
    var steps = conversation.steps(waiting);
    assertThat(steps.get(0).at("/commentary/text").asText()).isEqualTo("Let me look.");
    assertThat(steps.get(0).at("/step_details/tool_calls")).hasSize(1);
    // The model sees in the rest of the run its own text.
    assertThat(provider.lastRequest().body().at("/messages/1/content").asText())
        .isEqualTo("Let me look.");
    var context =
        user.get(
                conversation.path(waiting)
                    + "/steps/"
                    + steps.get(2).path("id").asText()
                    + "/context")
            .json();
    assertThat(context.path("exact").asBoolean()).isTrue();
    assertThat(context.at("/messages/1/content").asText()).isEqualTo("Let me look.");

    // And in the next run it sees the call, but not the text along with it.
    conversation.say("Thanks.");
    run(framesOf(conversation, FINAL));
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("It is sunny.", "\"f\"")
        .doesNotContain("Let me look.");
  }

  @Test
  void aFinalAnswerIsStreamedAtOnceWhereNoToolCanBeCalled() {
    provider.replyTo(model, Reply.text("one two"));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var frames = framesOf(conversation, "{\"visibility\": \"final\", \"tool_choice\": \"none\"}");

    assertThat(SseStream.names(frames)).doesNotContain("thread.run.step.delta");
    assertThat(frames.stream().filter(f -> "thread.message.delta".equals(f.event()))).hasSize(2);
  }

  @Test
  void aFinalAnswerThatIsCutIsAMessageAllTheSame() {
    var steps = new ArrayList<Reply.Step>(Reply.text("one two").steps());
    steps.replaceAll(s -> s instanceof Reply.Step.Finish ? new Reply.Step.Finish("length") : s);
    provider.replyTo(model, Reply.streamed(steps));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var ended = run(framesOf(conversation, FINAL));

    assertThat(ended.path("status").asText()).isEqualTo("incomplete");
    assertThat(conversation.lastMessage().path("status").asText()).isEqualTo("incomplete");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("one two");
  }

  @Test
  void aRunThatHasUsedUpItsTurnsIsIncomplete() {
    provider.otherwise(_ -> Reply.call("nothing", "{}"));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var ended = run(framesOf(conversation, "{\"max_turns\": 3}"));

    assertThat(ended.path("status").asText()).isEqualTo("incomplete");
    assertThat(ended.path("incomplete_details")).isEqualTo(json("{\"limit\": \"max_turns\"}"));
    assertThat(ended.path("max_turns").asInt()).isEqualTo(3);
    assertThat(provider.requests()).hasSize(3);
  }

  @Test
  void turnsAreCountedAcrossTheWaitsForAClient() {
    provider.otherwise(_ -> Reply.call("f", "{}").withTextBefore("Once more."));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var run = run(framesOf(conversation, "{\"max_turns\": 2}"));
    for (int turn = 1; turn <= 2; turn++) {
      var waiting = conversation.until(run, "requires_action");
      var submitted = conversation.submit(run, Conversation.outputs(Conversation.calls(waiting)));
      assertThat(submitted.status()).as(submitted.text()).isEqualTo(200);
    }

    assertThat(conversation.until(run, "incomplete").at("/incomplete_details/limit").asText())
        .isEqualTo("max_turns");
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void callsBeyondTheLimitAreNotMade() {
    provider.replyTo(
        model,
        Reply.call("nothing", "{}"),
        Reply.calls(new Reply.Call("x", "f", "{}"), new Reply.Call("y", "f", "{}")));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var ended = run(framesOf(conversation, "{\"max_tool_calls\": 2}"));

    assertThat(ended.path("status").asText()).isEqualTo("incomplete");
    assertThat(ended.path("incomplete_details")).isEqualTo(json("{\"limit\": \"max_tool_calls\"}"));
    var last = conversation.steps(ended).get(1);
    assertThat(last.path("status").asText()).isEqualTo("cancelled");
    assertThat(last.at("/step_details/tool_calls/1/function/output").asText())
        .contains("ended before");
  }

  @Test
  void aRunOverridesTheTurnSettingsOfItsAssistant() {
    var body =
        """
        {"model": "%s", "visibility": "final", "max_turns": 7, "max_tool_calls": 9,
         "reasoning": {"visibility": "hidden"}}"""
            .formatted(model);
    var assistant = user.post("/v1/assistants", body);
    var run =
        user.post(
            "/v1/threads/runs",
            "{\"assistant_id\": \"%s\", \"max_turns\": 2, \"visibility\": \"all\"}"
                .formatted(assistant.id()));
    var modified =
        user.post(
            "/v1/assistants/" + assistant.id(), "{\"max_turns\": null, \"visibility\": \"all\"}");

    assertThat(assistant.json().path("max_tool_calls").asInt()).isEqualTo(9);
    assertThat(assistant.json().at("/reasoning/visibility").asText()).isEqualTo("hidden");
    assertThat(run.json().path("max_turns").asInt()).isEqualTo(2);
    assertThat(run.json().path("max_tool_calls").asInt()).isEqualTo(9);
    assertThat(run.json().path("visibility").asText()).isEqualTo("all");
    assertThat(run.json().at("/reasoning/visibility").asText()).isEqualTo("hidden");
    assertThat(modified.json().has("max_turns")).isFalse();
    assertThat(modified.json().path("visibility").asText()).isEqualTo("all");
    assertThat(modified.json().path("max_tool_calls").asInt()).isEqualTo(9);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "max_turns": 0                         | max_turns
          "max_turns": 1001                      | max_turns
          "max_tool_calls": -1                   | max_tool_calls
          "visibility": "some"                   | visibility
          "reasoning": "hidden"                  | reasoning
          "reasoning": {"visibility": "secret"}  | reasoning.visibility
          "reasoning": {"effort": "high"}        | reasoning.effort
          """)
  void whatIsNoSettingIsNamed(String field, String param) {
    var assistant = user.post("/v1/assistants", "{\"model\": \"m\"}").id();
    for (var answer :
        List.of(
            user.post("/v1/assistants", "{\"model\": \"m\", " + field + "}"),
            user.post("/v1/assistants/" + assistant, "{" + field + "}"),
            user.post(
                "/v1/threads/runs", "{\"assistant_id\": \"" + assistant + "\", " + field + "}"))) {
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
      assertThat(answer.error().path("param").asText()).isEqualTo(param);
    }
  }
}
