package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.JournalFormat;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.testing.StoredRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventLogTest {
  private static final int EVENTS = 60;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void aLogThatIsStoredAndReadAgainHasEveryEventAtItsPosition(long seed) {
    var events = randomEvents(new Random(seed));

    var read = EventLog.parse(EventLog.format(events));

    assertThat(positions(read)).containsExactlyElementsOf(positionsOfMerged(events));
    assertThat(EventLog.length(read)).isEqualTo(EventLog.length(events));
  }

  /** Nodes of older and newer versions read each other's logs during an upgrade. */
  @Test
  void theStoredFormIsTheOneOfEarlierVersions() {
    var log =
        "T Rcreated Rin_progress S1m1700000000000001 s1in_progress h1:7 m1created m1in_progress"
            + " d1:12 m1completed s1completed S2t1700000000000002 s2in_progress k2:3 C2.0 c2.0:15"
            + " C2.1 c2.1:2 r2.1 u2.0:4 q2.0:20 p2.0:5 o2.0 A2 Rcompleted ";

    var events = EventLog.parse(log);

    assertThat(EventLog.format(events)).isEqualTo(log);
    assertThat(events)
        .contains(
            delta(StreamedText.REASONING, 1, 0, 7),
            delta(StreamedText.MESSAGE, 1, 0, 12),
            delta(StreamedText.COMMENTARY, 2, 0, 3),
            delta(StreamedText.ARGUMENTS, 2, 1, 2),
            delta(StreamedText.TASK, 2, 0, 4),
            delta(StreamedText.PROGRESS, 2, 0, 20),
            delta(StreamedText.OUTPUT, 2, 0, 5));
  }

  private static RunEvent delta(StreamedText text, int step, int call, int length) {
    return new RunEvent.Delta(new DeltaTarget(text, step, call), length, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x1:2", "D1:2", "?", "d1:2 d1:2"})
  void anInvalidCodeIsRejected(String code) {
    assertThatThrownBy(() -> RunEvent.parse(code)).isInstanceOf(IllegalStateException.class);
  }

  /** A new kind of event fails here until it has an example, and its code is read back. */
  @Test
  void theCodeOfEachKindOfEventIsReadAsThatEvent() {
    var target = new DeltaTarget(StreamedText.MESSAGE, 1, 0);
    var routing =
        new ToolCall.Routing(
            new AssistantId("asst_1"),
            new ThreadId("thread_1"),
            new RunId("run_1"),
            AgentRoutingSpec.Mode.DELEGATE);
    var examples =
        List.of(
            new RunEvent.ThreadCreated(),
            new RunEvent.RunStatusChanged("completed"),
            new RunEvent.StepCreated(1, Step.Type.TOOL_CALLS, 1_700_000_000_000_001L),
            new RunEvent.StepStatusChanged(1, "failed"),
            new RunEvent.MessageStatusChanged(2, "incomplete"),
            RunEvent.Delta.of(target, "text"),
            new RunEvent.AnnotationAdded(2, 0, null),
            new RunEvent.ImageAdded(2, 1),
            new RunEvent.CallStarted(3, 1, "f"),
            new RunEvent.CallRouted(3, 1, routing),
            new RunEvent.CallCompleted(3, 1, "output"),
            new RunEvent.AttemptStarted(2));

    assertThat(examples.stream().map(Object::getClass))
        .as("an example of each kind")
        .containsExactlyInAnyOrderElementsOf(List.of(RunEvent.class.getPermittedSubclasses()));
    assertThat(examples)
        .allSatisfy(
            event -> assertThat(RunEvent.parse(event.code())).isEqualTo(event.withoutText()));
  }

  @Test
  void theLogOfARunWithExactReplayKeepsEachDelta() {
    var target = new DeltaTarget(StreamedText.MESSAGE, 1, 0);
    var pieces =
        List.<RunEvent>of(RunEvent.Delta.of(target, "It "), RunEvent.Delta.of(target, "rains."));

    assertThat(EventLog.format(StoredRuns.run(true), pieces)).isEqualTo("d1:3 d1:6 ");
    assertThat(EventLog.format(StoredRuns.run(false), pieces)).isEqualTo("d1:9 ");
    assertThat(EventLog.length(EventLog.parse("d1:3 d1:6 "))).isEqualTo(9);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void anEventThatIsJournaledAndReadAgainIsTheSame(long seed) {
    for (var event : randomEvents(new Random(seed))) {
      assertThat(JournalFormat.parse(JournalFormat.format(event))).isEqualTo(event);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24, 25})
  void anIdThatIsWrittenAndReadAgainIsTheSame(long seed) {
    var at = EventId.START;
    for (var event : randomEvents(new Random(seed))) {
      at = at.after(event);
      assertThat(EventId.parse(at.toString())).isEqualTo(at);
    }
  }

  /** Events in no sensible order: the log must keep any order. */
  private static List<RunEvent> randomEvents(Random random) {
    var events = new ArrayList<RunEvent>();
    for (int i = 0; i < EVENTS; i++) {
      int step = 1 + random.nextInt(12);
      int call = random.nextInt(3);
      var text = "x".repeat(1 + random.nextInt(30));
      events.add(
          switch (random.nextInt(11)) {
            case 0 -> new RunEvent.ThreadCreated();
            case 1 -> new RunEvent.RunStatusChanged("requires_action");
            case 2 ->
                new RunEvent.StepCreated(
                    step, Step.Type.values()[random.nextInt(2)], 1_700_000_000_000_001L);
            case 3 -> new RunEvent.StepStatusChanged(step, "in_progress");
            case 4 -> new RunEvent.MessageStatusChanged(step, "created");
            case 5 -> new RunEvent.CallStarted(step, call, "f_" + call);
            case 6 -> new RunEvent.CallCompleted(step, call, "output");
            case 7, 8, 9 -> RunEvent.Delta.of(target(random, step, call), text);
            default -> new RunEvent.AttemptStarted(1 + random.nextInt(4));
          });
    }
    return events;
  }

  private static DeltaTarget target(Random random, int step, int call) {
    var text = StreamedText.values()[random.nextInt(StreamedText.values().length)];
    return new DeltaTarget(text, step, text.scope() == StreamedText.Scope.CALL ? call : 0);
  }

  /** The code of every event and the position after it. */
  private static List<String> positions(List<RunEvent> events) {
    var positions = new ArrayList<String>();
    var at = EventId.START;
    for (var event : events) {
      at = at.after(event);
      positions.add(event.code() + "@" + at);
    }
    return positions;
  }

  /** As {@link #positions}, with consecutive deltas of one text merged. */
  private static List<String> positionsOfMerged(List<RunEvent> events) {
    var merged = new ArrayList<RunEvent>();
    for (var event : events) {
      if (!merged.isEmpty()
          && merged.getLast() instanceof RunEvent.Delta a
          && event instanceof RunEvent.Delta b
          && a.target().equals(b.target())) {
        merged.set(merged.size() - 1, RunEvent.Delta.of(a.target(), a.text() + b.text()));
      } else {
        merged.add(event);
      }
    }
    return positions(merged);
  }
}
