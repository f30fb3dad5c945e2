package dev.threadmill.lab.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.lab.chaos.Violation.Effect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each check must find the violation that it is for. */
class InvariantChecksTest {
  private final List<ReceivedEvent> events =
      new ArrayList<>(
          List.of(
              event("1-1", "thread.run.created", "{\"id\": \"run_1\"}"),
              event("1-2", "thread.message.created", "{\"id\": \"msg_1\"}"),
              delta("1-3", "Hel"),
              delta("1-4", "lo"),
              event("1-5", "thread.message.completed", "{\"id\": \"msg_1\"}"),
              event("1-6", "thread.run.completed", "{\"id\": \"run_1\"}")));

  private final JsonNode messages =
      Json.tree(
          """
          [{"id": "msg_1", "status": "completed", "content": [{"text": {"value": "Hello"}}]}]
          """);

  private static ReceivedEvent event(String id, String name, String data) {
    return new ReceivedEvent(id, name, Json.tree(data));
  }

  private static ReceivedEvent delta(String id, String text) {
    return event(
        id,
        "thread.message.delta",
        "{\"id\": \"msg_1\", \"delta\": {\"content\": [{\"text\": {\"value\": \"%s\"}}]}}"
            .formatted(text));
  }

  private List<Effect> effects() {
    return InvariantChecks.eventsAreComplete(events, messages).stream()
        .map(Violation::effect)
        .toList();
  }

  @Test
  void completeEventsPass() {
    assertThat(effects()).isEmpty();
  }

  @Test
  void aMissingDeltaIsSkippedAndARepeatedOneIsDuplicated() {
    var piece = events.remove(3);
    assertThat(effects()).containsExactly(Effect.SKIPPED);

    events.addAll(3, List.of(piece, piece));
    assertThat(effects()).containsExactly(Effect.DUPLICATED);
  }

  @Test
  void anEventThatWasReceivedTwiceIsDuplicated() {
    events.addLast(events.getLast());
    assertThat(effects()).containsOnly(Effect.DUPLICATED).hasSize(2);
  }

  @Test
  void aStreamWithoutAnEndAndAMessageWithoutOneAreSkipped() {
    events.removeLast();
    events.removeLast();
    assertThat(effects()).containsExactly(Effect.SKIPPED, Effect.SKIPPED);
  }

  @Test
  void textOutsideItsMessageIsSkipped() {
    events.remove(1);
    assertThat(effects()).contains(Effect.SKIPPED);
  }

  @Test
  void aReplayHasTheSameEventsWithOtherDeltas() {
    var afterwards = new ArrayList<>(events);
    afterwards.set(2, delta("1-4", "Hello"));
    afterwards.remove(3);
    assertThat(InvariantChecks.replayMatches(events, afterwards)).isEmpty();

    afterwards.remove(1);
    assertThat(InvariantChecks.replayMatches(events, afterwards)).hasSize(1);
  }

  @Test
  void onlyReadersThatSawAMessageBeginReceiveItsInterruption() {
    var alongside = new ArrayList<>(events);
    alongside.add(
        0, new ReceivedEvent("0-1", "thread.message.created", Json.tree("{\"id\": \"lost\"}")));
    alongside.add(
        1, new ReceivedEvent("0-1", "thread.message.incomplete", Json.tree("{\"id\": \"lost\"}")));

    assertThat(InvariantChecks.replayMatches(alongside, events)).isEmpty();

    alongside.remove(1);
    assertThat(InvariantChecks.replayMatches(alongside, events)).hasSize(1);
  }

  @Test
  void anActiveRunAndACallWithoutResultAreLost() {
    var steps =
        Json.tree(
            """
            [{"status": "completed", "step_details": {"tool_calls": [{"function": {"output": null}}]}}]
            """);
    assertThat(
            InvariantChecks.runEnded(Json.tree("{\"id\": \"r\", \"status\": \"queued\"}"), steps))
        .extracting(Violation::guarantee)
        .containsExactly("I1", "I3");
  }

  @Test
  void aThreadWithAChangedBeginningIsNoPrefix() {
    assertThat(InvariantChecks.isPrefix(List.of("a"), List.of("a", "b"))).isEmpty();
    assertThat(InvariantChecks.isPrefix(List.of("a", "b"), List.of("a"))).hasSize(1);
    assertThat(InvariantChecks.isPrefix(List.of("a", "b"), List.of("b", "a"))).hasSize(1);
  }

  @Test
  void anObjectThatEndsBeforeItBeginsOrBeginsBeforeItsRunIsWrong() {
    var run = "{\"id\": \"run_1\", \"created_at\": 100, \"completed_at\": %d}";
    var step = "[{\"id\": \"step_1\", \"created_at\": %d, \"completed_at\": 101}]";
    var message = "[{\"id\": \"msg_1\", \"role\": \"%s\", \"created_at\": 90}]";

    assertThat(timesRise(run.formatted(101), step.formatted(100), message.formatted("user")))
        .isEmpty();
    assertThat(timesRise(run.formatted(99), step.formatted(102), message.formatted("assistant")))
        .extracting(Violation::detail)
        .satisfiesExactly(
            what -> assertThat(what).contains("completed_at of run_1"),
            what -> assertThat(what).contains("completed_at of step_1"),
            what -> assertThat(what).contains("created_at of msg_1"));
  }

  private static List<Violation> timesRise(String run, String steps, String messages) {
    return InvariantChecks.timestampsAreOrdered(
        Json.tree(run), Json.tree(steps), Json.tree(messages));
  }
}
