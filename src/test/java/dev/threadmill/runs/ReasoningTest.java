package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reasoning of models: stored, streamed, counted and hidden. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ReasoningTest extends TurnsFixture {
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
  void tokensOfReasoningAreCountedIfTheProviderReportsThem() {
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
            {"prompt_tokens": 10, "completion_tokens": 30, "total_tokens": 40, "cost": null,
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

  /** Wherever a reader breaks off, the text before and the text after make up the whole. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", FINAL})
  void aReaderResumesAtAnyPositionInReasoningAndCommentary(String settings) {
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

  private List<SseStream.Frame> eventsOf(
      Conversation conversation, JsonNode run, String lastEventId) {
    var caller = lastEventId == null ? user : user.with("Last-Event-ID", lastEventId);
    return framesOf(caller.events(conversation.path(run) + "/events"));
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
}
