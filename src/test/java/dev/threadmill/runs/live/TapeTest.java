package dev.threadmill.runs.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.runs.store.Aside;
import dev.threadmill.runs.store.JournalEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.Tape;
import dev.threadmill.runs.store.TapeEvent;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TapeTest {
  private static final int EVENTS = 60;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void aTapeThatIsStoredAndReadAgainHasEveryEventAtItsPlace(long seed) {
    var events = randomEvents(new Random(seed));

    var read = Tape.parse(Tape.format(events));

    assertThat(places(read)).containsExactlyElementsOf(placesOfMerged(events));
    assertThat(Tape.length(read)).isEqualTo(Tape.length(events));
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void anEventThatGoesThroughTheJournalComesOutTheSame(long seed) {
    for (var event : randomEvents(new Random(seed))) {
      assertThat(JournalEvent.parse(JournalEvent.format(event))).isEqualTo(event);
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
  private static List<TapeEvent> randomEvents(Random random) {
    var events = new ArrayList<TapeEvent>();
    for (int i = 0; i < EVENTS; i++) {
      int step = 1 + random.nextInt(12);
      int call = random.nextInt(3);
      var text = "x".repeat(1 + random.nextInt(30));
      events.add(
          switch (random.nextInt(11)) {
            case 0 -> new TapeEvent.ThreadCreated();
            case 1 -> new TapeEvent.RunIs("requires_action");
            case 2 ->
                new TapeEvent.StepCreated(
                    step, Step.Type.values()[random.nextInt(2)], 1_700_000_000_000_001L);
            case 3 -> new TapeEvent.StepIs(step, "in_progress");
            case 4 -> new TapeEvent.MessageIs(step, "created");
            case 5 -> new TapeEvent.TextDelta(step, text.length(), text);
            case 6 -> new TapeEvent.CallStarted(step, call, "f_" + call);
            case 7 -> new TapeEvent.ArgumentsDelta(step, call, text.length(), text);
            case 8 -> new TapeEvent.AsideDelta(step, voice(random), text.length(), text);
            case 9 ->
                new TapeEvent.PieceHeard(
                    step, call, ToolCall.Part.values()[random.nextInt(2)], text.length(), text);
            default -> new TapeEvent.AttemptBegan(1 + random.nextInt(4));
          });
    }
    return events;
  }

  private static Aside.Voice voice(Random random) {
    return Aside.Voice.values()[random.nextInt(2)];
  }

  /** Every event's code without its text, and the place behind it. */
  private static List<String> places(List<TapeEvent> events) {
    var places = new ArrayList<String>();
    var at = EventId.START;
    for (var event : events) {
      at = at.after(event);
      places.add(event.code() + "@" + at);
    }
    return places;
  }

  /** As {@link #places}, with neighbouring pieces of one text taken for one. */
  private static List<String> placesOfMerged(List<TapeEvent> events) {
    var merged = new ArrayList<TapeEvent>();
    for (var event : events) {
      if (!merged.isEmpty()
          && merged.getLast() instanceof TapeEvent.TextDelta a
          && event instanceof TapeEvent.TextDelta b
          && a.step() == b.step()) {
        merged.set(
            merged.size() - 1,
            new TapeEvent.TextDelta(a.step(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof TapeEvent.PieceHeard a
          && event instanceof TapeEvent.PieceHeard b
          && a.step() == b.step()
          && a.call() == b.call()
          && a.part() == b.part()) {
        merged.set(
            merged.size() - 1,
            new TapeEvent.PieceHeard(
                a.step(), a.call(), a.part(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof TapeEvent.AsideDelta a
          && event instanceof TapeEvent.AsideDelta b
          && a.step() == b.step()
          && a.voice() == b.voice()) {
        merged.set(
            merged.size() - 1,
            new TapeEvent.AsideDelta(
                a.step(), a.voice(), a.length() + b.length(), a.text() + b.text()));
      } else if (!merged.isEmpty()
          && merged.getLast() instanceof TapeEvent.ArgumentsDelta a
          && event instanceof TapeEvent.ArgumentsDelta b
          && a.step() == b.step()
          && a.call() == b.call()) {
        merged.set(
            merged.size() - 1,
            new TapeEvent.ArgumentsDelta(
                a.step(), a.call(), a.length() + b.length(), a.text() + b.text()));
      } else {
        merged.add(event);
      }
    }
    return places(merged);
  }
}
