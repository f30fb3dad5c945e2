package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model thinks and says on its way to an answer, and how far it may go. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class TurnsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FINAL = "{\"visibility\": \"final\"}";

  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  private final String model = "m-" + System.identityHashCode(gate);
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @AfterEach
  void letEverythingGo() {
    gate.open();
  }

  @Test
  void reasoningIsStoredWithTheStepOfTheMessageAndStreamedAsItsDeltas() {
    // Given
    provider.replyTo(model, Reply.text("It is 4.").withReasoning("Two and two, well."));
    var conversation = Conversation.of(user, model, "2 + 2?");

    // When
    var frames = framesOf(conversation, "{\"reasoning_effort\": \"high\"}");

    // Then
    var steps = conversation.steps(run(frames));
    assertThat(steps).hasSize(1);
    assertThat(steps.get(0).path("type").asText()).isEqualTo("message_creation");
    assertThat(steps.get(0).path("reasoning"))
        .isEqualTo(json("{\"text\": \"Two and two, well.\", \"effort\": \"high\"}"));
    assertThat(textsAt(frames, "/delta/reasoning/text"))
        .isEqualTo(Map.of(steps.get(0).path("id").asText(), "Two and two, well."));
    assertThat(SseStream.names(frames))
        .containsSubsequence(
            "thread.run.step.in_progress",
            "thread.run.step.delta",
            "thread.message.created",
            "thread.message.delta",
            "thread.run.step.completed");
    assertThat(provider.lastRequest().body().path("reasoning_effort").asText()).isEqualTo("high");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("It is 4.");
  }

  @Test
  void reasoningBeforeCallsIsStoredWithThemAndNotSentBack() {
    // Given
    provider.replyTo(
        model,
        Reply.call("f", "{}").withReasoning("I need f."),
        Reply.text("Done.").withReasoning("Now I have it."));
    var conversation = Conversation.of(user, model, "Go.", "f");

    // When
    var waiting = run(framesOf(conversation, "{}"));
    conversation.submit(waiting, Conversation.outputs(Conversation.calls(waiting)));
    var ended = conversation.until(waiting, "completed");

    // Then
    var steps = conversation.steps(ended);
    assertThat(steps)
        .extracting(step -> step.path("type").asText())
        .containsExactly("tool_calls", "tool_calls", "message_creation");
    assertThat(steps.get(0).at("/reasoning/text").asText()).isEqualTo("I need f.");
    assertThat(steps.get(0).at("/step_details/tool_calls")).hasSize(1);
    // Calls might have followed this too, so the step was one of calls until the text came.
    assertThat(steps.get(1).at("/reasoning/text").asText()).isEqualTo("Now I have it.");
    assertThat(steps.get(1).at("/step_details/tool_calls")).isEmpty();
    assertThat(steps.get(2).has("reasoning")).isFalse();
    assertThat(provider.lastRequest().body().path("messages").toString())
        .doesNotContain("I need f.", "reasoning");
  }

  @Test
  void hiddenReasoningIsNowhere() {
    provider.replyTo(
        model,
        Reply.call("f", "{}").withReasoning("Secretly thought."),
        Reply.text("Done.").withReasoning("Secretly again."));
    var conversation = Conversation.of(user, model, "Go.", "f");

    var frames = framesOf(conversation, "{\"reasoning\": {\"visibility\": \"hidden\"}}");
    var waiting = run(frames);
    conversation.submit(waiting, Conversation.outputs(Conversation.calls(waiting)));
    var ended = conversation.until(waiting, "completed");

    var steps = conversation.steps(ended);
    var again = eventsOf(conversation, ended, null);
    var context =
        user.get(
            conversation.path(ended) + "/steps/" + steps.get(1).path("id").asText() + "/context");
    assertThat(steps).hasSize(2);
    assertThat(steps.toString() + frames + again + context.text() + conversation.messages())
        .doesNotContain("Secretly");
  }

  @Test
  void tokensOfReasoningAreCountedWhereTheProviderTells() {
    var counted =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":30,"
            + "\"completion_tokens_details\":{\"reasoning_tokens\":20}}}\n\n";
    var steps =
        new ArrayList<>(
            Reply.text("Hi.").withReasoning("Hm.").without(Reply.Step.Usage.class).steps());
    steps.add(steps.size() - 1, new Reply.Step.Raw(counted.getBytes()));
    provider.replyTo(model, Reply.streamed(steps));
    var conversation = Conversation.of(user, model, "Hello.");

    var ended = run(framesOf(conversation, "{}"));

    var usage =
        json(
            """
            {"prompt_tokens": 10, "completion_tokens": 30, "total_tokens": 40,
             "completion_tokens_details": {"reasoning_tokens": 20}}""");
    assertThat(ended.path("usage")).isEqualTo(usage);
    assertThat(conversation.get(ended).path("usage")).isEqualTo(usage);
    assertThat(conversation.steps(ended).get(0).path("usage")).isEqualTo(usage);
  }

  @Test
  void aRunThatIsCancelledWhileTheModelThinksKeepsWhatItThought() {
    provider.replyTo(model, Reply.text("Never.").withReasoning("One two three").withGate(gate));
    var conversation = Conversation.of(user, model, "Think.");

    JsonNode run;
    try (var stream = conversation.stream()) {
      run = stream.next("thread.run.in_progress").json();
      gate.release(1);
      stream.next("thread.run.step.delta");
      conversation.cancel(run);
      assertThat(SseStream.names(stream.rest()))
          .containsExactly(
              "thread.run.cancelling", "thread.run.step.cancelled", "thread.run.cancelled", "done");
    }

    var step = conversation.steps(run).get(0);
    assertThat(step.path("status").asText()).isEqualTo("cancelled");
    assertThat(step.at("/reasoning/text").asText()).isEqualTo("One ");
    assertThat(conversation.messages()).hasSize(1);
  }

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

  /** Wherever a reader breaks off, the text before and the text after make up the whole. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", FINAL})
  void aReaderGoesOnFromAnyPlaceInThoughtsAndCommentary(String settings) {
    provider.replyTo(
        model,
        Reply.call("f", "{\"a\": 1}").withTextBefore("I look at it.").withReasoning("Hm, f then."),
        Reply.text("That is all.").withReasoning("So be it."));
    var conversation = Conversation.of(user, model, "Go.", "f");
    var frames = new ArrayList<>(framesOf(conversation, settings));
    var waiting = run(frames);
    frames.removeLast();
    frames.addAll(
        framesOf(
            user.stream(
                conversation.path(waiting) + "/submit_tool_outputs",
                Conversation.outputs(Conversation.calls(waiting)).put("stream", true).toString())));

    var whole = folded(eventsOf(conversation, waiting, null));

    assertThat(folded(frames)).isEqualTo(whole);
    for (int seen = 1; seen < frames.size() - 1; seen++) {
      var rest = eventsOf(conversation, waiting, frames.get(seen - 1).id());
      var both = new ArrayList<>(frames.subList(0, seen));
      both.addAll(rest);
      assertThat(folded(both)).as("after %s", frames.get(seen - 1).id()).isEqualTo(whole);
    }
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
  void anAssistantSaysHowItsRunsGoAndARunMaySayOtherwise() {
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

  private List<SseStream.Frame> framesOf(Conversation conversation, String settings) {
    var body = conversation.body().put("stream", true);
    json(settings).properties().forEach(field -> body.set(field.getKey(), field.getValue()));
    return framesOf(user.stream(conversation.path() + "/runs", body.toString()));
  }

  private static List<SseStream.Frame> framesOf(SseStream stream) {
    try (stream) {
      return stream.rest();
    }
  }

  private List<SseStream.Frame> eventsOf(
      Conversation conversation, JsonNode run, String lastEventId) {
    var caller = lastEventId == null ? user : user.with("Last-Event-ID", lastEventId);
    return framesOf(caller.events(conversation.path(run) + "/events"));
  }

  /** The last state of the run in the stream. */
  private static JsonNode run(List<SseStream.Frame> frames) {
    return frames.get(frames.size() - 2).json();
  }

  /** All pieces of this text, put together for each object. */
  private static Map<String, String> textsAt(List<SseStream.Frame> frames, String place) {
    var texts = new HashMap<String, String>();
    for (var frame : frames) {
      if (!frame.isDone() && frame.json().at(place).isTextual()) {
        texts.merge(
            frame.json().path("id").asText(), frame.json().at(place).asText(), String::concat);
      }
    }
    return texts;
  }

  /** What a reader makes of a stream: texts by object and place, and the other events in order. */
  private static List<Object> folded(List<SseStream.Frame> frames) {
    var others = new ArrayList<Object>();
    var texts = new HashMap<String, Object>();
    for (var place :
        List.of(
            "/delta/reasoning/text",
            "/delta/commentary/text",
            "/delta/content/0/text/value",
            "/delta/step_details/tool_calls/0/function/arguments")) {
      texts.put(place, textsAt(frames, place));
    }
    for (var frame : frames) {
      if (!frame.isDone() && !frame.event().endsWith(".delta")) {
        others.add(frame.event() + frame.json().path("id").asText());
      }
    }
    others.add(texts);
    return others;
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
