package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.JournalFormat;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventLogTest {
  private static final int EVENTS = 60;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void aTapeThatIsStoredAndReadAgainHasEveryEventAtItsPlace(long seed) {
    var events = randomEvents(new Random(seed));

    var read = EventLog.parse(EventLog.format(events));

    assertThat(places(read)).containsExactlyElementsOf(placesOfMerged(events));
    assertThat(EventLog.length(read)).isEqualTo(EventLog.length(events));
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void anEventThatGoesThroughTheJournalComesOutTheSame(long seed) {
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

  /** Events whose order means nothing: the tape must keep any. */
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
            case 5 -> new RunEvent.TextDelta(step, text.length(), text);
            case 6 -> new RunEvent.CallStarted(step, call, "f_" + call);
            case 7 -> new RunEvent.ArgumentsDelta(step, call, text.length(), text);
            case 8 -> new RunEvent.ReasoningDelta(step, voice(random), text.length(), text);
            case 9 ->
                new RunEvent.ToolOutputDelta(
                    step, call, ToolCall.Part.values()[random.nextInt(2)], text.length(), text);
            default -> new RunEvent.AttemptStarted(1 + random.nextInt(4));
          });
    }
    return events;
  }

  private static StepReasoning.Kind voice(Random random) {
    return StepReasoning.Kind.values()[random.nextInt(2)];
  }

  /** Every event's code without its text, and the place behind it. */
  private static List<String> places(List<RunEvent> events) {
    var places = new ArrayList<String>();
    var at = EventId.START;
    for (var event : events) {
      at = at.after(event);
      places.add(event.code() + "@" + at);
    }
    return places;
  }

  /** As {@link #places}, with neighbouring pieces of one text taken for one. */
  private static List<String> placesOfMerged(List<RunEvent> events) {
    var merged = new ArrayList<RunEvent>();
    for (var event : events) {
      if (!merged.isEmpty()
          && merged.getLast() instanceof RunEvent.TextDelta a
          && event instanceof RunEvent.TextDelta b
          && a.step() == b.step()) {
        merged.set(
            merged.size() - 1,
            new RunEvent.TextDelta(a.step(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof RunEvent.ToolOutputDelta a
          && event instanceof RunEvent.ToolOutputDelta b
          && a.step() == b.step()
          && a.call() == b.call()
          && a.part() == b.part()) {
        merged.set(
            merged.size() - 1,
            new RunEvent.ToolOutputDelta(
                a.step(), a.call(), a.part(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof RunEvent.ReasoningDelta a
          && event instanceof RunEvent.ReasoningDelta b
          && a.step() == b.step()
          && a.kind() == b.kind()) {
        merged.set(
            merged.size() - 1,
            new RunEvent.ReasoningDelta(
                a.step(), a.kind(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof RunEvent.ArgumentsDelta a
          && event instanceof RunEvent.ArgumentsDelta b
          && a.step() == b.step()
          && a.call() == b.call()) {
        merged.set(
            merged.size() - 1,
            new RunEvent.ArgumentsDelta(
                a.step(), a.call(), a.length() + b.length(), a.text() + b.text()));
      } else {
        merged.add(event);
      }
    }
    return places(merged);
  }
}
