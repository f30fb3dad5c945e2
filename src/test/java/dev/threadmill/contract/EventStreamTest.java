package dev.threadmill.contract;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams of events, line by line. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class EventStreamTest extends GatedRunsFixture {
  private static List<SseStream.Frame> framesOf(Conversation conversation) {
    try (var stream = conversation.stream()) {
      return stream.rest();
    }
  }

  @Test
  void everyFrameHasAnIdANameAndOneLineOfDataAndTheLastIsDone() {
    var frames = framesOf(Conversation.of(user, "rehearsal", "/say One,\ntwo \"three\". ☔"));

    var last = frames.getLast();
    assertThat(last.lines()).containsExactly("event: done", "data: [DONE]");
    for (var frame : frames.subList(0, frames.size() - 1)) {
      assertThat(frame.lines()).hasSize(3);
      assertThat(frame.lines().get(0)).startsWith("id: ");
      assertThat(frame.lines().get(1)).startsWith("event: thread.");
      assertThat(frame.lines().get(2)).startsWith("data: {");
      assertThat(frame.json().has("error")).as("SDKs take a key named error for one").isFalse();
      assertThat(frame.json().path("object").asText()).startsWith("thread");
    }
  }

  @Test
  void everyIdIsDistinct() {
    var frames = framesOf(Conversation.of(user, "rehearsal", "/say a b c d e f"));

    var ids = frames.subList(0, frames.size() - 1).stream().map(SseStream.Frame::id).toList();

    assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/event-stream", "*/*"})
  void theBodyDecidesWhetherItIsAStreamNotTheAcceptHeader(String accept) {
    var conversation = Conversation.of(user, "rehearsal", "/say x");
    var caller = user.with("Accept", accept);
    var runs = conversation.path() + "/runs";

    try (var stream = caller.stream(runs, conversation.body().put("stream", true).toString())) {
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.headers().firstValue("content-type").orElseThrow())
          .startsWith("text/event-stream");
      assertThat(stream.headers().firstValue("x-request-id")).isPresent();
      assertThat(stream.rest().getLast().isDone()).isTrue();
    }
    var plain = caller.post(runs, conversation.body().put("stream", false).toString());
    assertThat(plain.headers().firstValue("content-type").orElseThrow())
        .startsWith("application/json");
    assertThat(plain.json().path("object").asText()).isEqualTo("thread.run");
    conversation.until(plain.json(), "completed");
  }

  @Test
  void aRejectedStreamIsAJsonError() {
    var conversation = Conversation.of(user, "rehearsal", "/say x");
    var body = conversation.body().put("assistant_id", "asst_0000000000000000000000000");

    var refused =
        user.with("Accept", "text/event-stream")
            .post(conversation.path() + "/runs", body.put("stream", true).toString());

    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.headers().firstValue("content-type").orElseThrow())
        .startsWith("application/json");
    assertThat(refused.error().path("type").asText()).isEqualTo("invalid_request_error");
  }

  @Test
  void eventsArriveWhileTheModelGenerates() {
    provider.replyTo(model("gated"), Reply.text("one two three").withGate(gate));
    var conversation = Conversation.of(user, model("gated"), "Go.");

    try (var stream = conversation.stream()) {
      stream.next("thread.run.in_progress");
      gate.release(2); // the role, and one word
      assertThat(textOf(stream.next("thread.message.delta"))).isEqualTo("one ");
      gate.release();
      assertThat(textOf(stream.next("thread.message.delta"))).isEqualTo("two ");
      gate.open();
      assertThat(SseStream.names(stream.rest()))
          .containsExactly(
              "thread.message.delta",
              "thread.message.completed",
              "thread.run.step.completed",
              "thread.run.completed",
              "done");
    }
  }

  @Test
  void textAndThenCallsAreAMessageAndThenASecondStep() {
    var steps = new ArrayList<>(Reply.text("Let me see.").steps().subList(0, 4));
    steps.addAll(Reply.call("f", "{\"a\":1}").steps());
    provider.replyTo("both", Reply.streamed(steps), Reply.text("Done."));
    var conversation = Conversation.of(user, "both", "Go.", "f");

    var frames = framesOf(conversation);

    assertThat(SseStream.names(frames))
        .containsExactly(
            "thread.run.created",
            "thread.run.queued",
            "thread.run.in_progress",
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.message.created",
            "thread.message.in_progress",
            "thread.message.delta",
            "thread.message.completed",
            "thread.run.step.completed",
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.run.step.delta",
            "thread.run.requires_action",
            "done");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo("Let me see.");
    conversation.cancel(frames.getFirst().json());
  }

  @Test
  void theFirstDeltaOfACallHasItsHeadAndTheOthersItsArguments() {
    provider.replyTo(
        "calls",
        Reply.calls(
            new Reply.Call("x", "f", "{\"city\":\"Ulm\"}"), new Reply.Call("y", "g", "{}")));
    var conversation = Conversation.of(user, "calls", "Go.", "f", "g");

    var frames = framesOf(conversation);

    var deltas =
        frames.stream()
            .filter(frame -> "thread.run.step.delta".equals(frame.event()))
            .map(frame -> frame.json().at("/delta/step_details/tool_calls"))
            .toList();
    assertThat(deltas).allSatisfy(calls -> assertThat(calls).hasSize(1));
    var heads = deltas.stream().map(calls -> calls.get(0)).filter(call -> call.has("id")).toList();
    assertThat(heads).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(heads.get(i).path("index").asInt()).isEqualTo(i);
      assertThat(heads.get(i).at("/function/arguments").asText()).isEmpty();
      assertThat(heads.get(i).at("/function/output").isNull()).isTrue();
    }
    assertThat(arguments(deltas, 0)).isEqualTo("{\"city\":\"Ulm\"}");
    assertThat(arguments(deltas, 1)).isEqualTo("{}");
    conversation.cancel(frames.getFirst().json());
  }

  private static String arguments(List<JsonNode> deltas, int index) {
    var all = new StringBuilder();
    for (var calls : deltas) {
      if (calls.get(0).path("index").asInt() == index) {
        all.append(calls.get(0).at("/function/arguments").asText());
      }
    }
    return all.toString();
  }

  @Test
  void theServerClosesTheConnectionRightAfterTheLastFrame() {
    var conversation = Conversation.of(user, "rehearsal", "/say x");

    try (var stream = conversation.stream()) {
      stream.next("done");
      long done = System.nanoTime();
      assertThat(stream.next()).isNull();
      assertThat(Duration.ofNanos(System.nanoTime() - done)).isLessThan(Duration.ofSeconds(2));
    }
  }

  @Test
  void aReaderThatAttachesLaterReceivesTheSameEvents() {
    var conversation = Conversation.of(user, "rehearsal", "/say One two three four.");
    var live = framesOf(conversation);
    var run = live.getFirst().json();

    List<SseStream.Frame> again;
    try (var stream = user.events(conversation.path(run) + "/events")) {
      again = stream.rest();
    }

    assertThat(SseStream.names(again)).isEqualTo(SseStream.names(live));
    assertThat(text(again)).isEqualTo(text(live)).isEqualTo("One two three four.");
    assertThat(again.get(again.size() - 2).lines()).isEqualTo(live.get(live.size() - 2).lines());
  }

  @Test
  void aReaderThatResumesAfterAnyEventReceivesExactlyTheRest() {
    var conversation = Conversation.of(user, "rehearsal", "/say One two three four.");
    var live = framesOf(conversation);
    var run = live.getFirst().json();
    var path = conversation.path(run) + "/events";

    for (int i = 0; i < live.size() - 1; i++) {
      List<SseStream.Frame> rest;
      try (var stream = user.with("Last-Event-ID", live.get(i).id()).events(path)) {
        rest = stream.rest();
      }
      var missed = live.subList(i + 1, live.size());
      assertThat(SseStream.names(rest))
          .as("after " + live.get(i))
          .isEqualTo(SseStream.names(missed));
      assertThat(text(rest)).isEqualTo(text(missed));
    }
  }

  @Test
  void severalReadersOfALiveRunReadTheSame() {
    provider.replyTo(model("gated"), Reply.text("one two three").withGate(gate));
    var conversation = Conversation.of(user, model("gated"), "Go.");

    try (var first = conversation.stream()) {
      var run = first.next("thread.run.in_progress").json();
      try (var second = user.events(conversation.path(run) + "/events")) {
        second.next("thread.run.in_progress");
        gate.open();
        var firstRest = first.rest();
        var secondRest = second.rest();

        assertThat(SseStream.names(secondRest)).isEqualTo(SseStream.names(firstRest));
        assertThat(text(secondRest)).isEqualTo(text(firstRest)).isEqualTo("one two three");
      }
    }
  }

  private static String text(List<SseStream.Frame> frames) {
    var all = new StringBuilder();
    frames.stream()
        .filter(frame -> "thread.message.delta".equals(frame.event()))
        .forEach(frame -> all.append(textOf(frame)));
    return all.toString();
  }

  private static String textOf(SseStream.Frame delta) {
    return delta.json().at("/delta/content/0/text/value").asText();
  }
}
