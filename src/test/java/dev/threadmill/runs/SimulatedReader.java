package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.EventReader.Event;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A client that reads a run along, some events at a time, on one node after the other. It knows
 * only the id of the last event that it has seen.
 */
final class SimulatedReader {
  private static final int LONG_ENOUGH_SECONDS = 60;

  private final ThreadId thread;
  private final RunId run;
  private final EventReader read = new EventReader(null);
  private EventId place = EventId.START;
  private final Set<Integer> leftWithinMessage = new HashSet<>();
  private boolean isAtEnd;

  SimulatedReader(ThreadId thread, RunId run) {
    this.thread = thread;
    this.run = run;
  }

  /** Connects, reads what is there, so many events at the most, and goes away. */
  void read(SimulatedNode node, int most) {
    if (isAtEnd) {
      return;
    }
    var woken = new Semaphore(0);
    var stream = node.events(thread, run, place);
    stream.open(woken::release);
    try {
      var next = stream.next(1);
      if (next.frames() == null && !next.last()) {
        awaitLook(woken);
        next = stream.next(1);
      }
      for (int i = 1; take(next) && i < most; i++) {
        next = stream.next(1);
      }
    } finally {
      stream.close();
    }
    if (isWithinMessage()) {
      leftWithinMessage.add(events().size());
    }
  }

  private static void awaitLook(Semaphore woken) {
    try {
      assertThat(woken.tryAcquire(LONG_ENOUGH_SECONDS, TimeUnit.SECONDS)).as("woken").isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether there may be more. */
  private boolean take(EventStream.Chunk next) {
    if (next.frames() != null) {
      read.add(next.frames().toString());
      place = read.lastId() == null ? place : EventId.parse(read.lastId());
    }
    isAtEnd = next.last();
    return next.frames() != null && !isAtEnd;
  }

  boolean isWithinMessage() {
    return place.openMessage();
  }

  boolean isAtEnd() {
    return isAtEnd;
  }

  /**
   * How many messages it has received in part, and that were closed by a take-over when it came
   * back.
   */
  int messagesCutOff() {
    var names = events().stream().map(Event::name).toList();
    return (int)
        leftWithinMessage.stream()
            .filter(at -> at + 1 < names.size())
            .filter(at -> names.get(at).equals("thread.message.incomplete"))
            .filter(at -> names.get(at + 1).equals("thread.run.step.failed"))
            .count();
  }

  /** The text that it received of a message. */
  String said(String message) {
    return events().stream()
        .filter(Event::isTextDelta)
        .filter(event -> event.data().path("id").asText().equals(message))
        .map(Event::text)
        .collect(Collectors.joining());
  }

  List<Event> events() {
    return read.events();
  }
}
