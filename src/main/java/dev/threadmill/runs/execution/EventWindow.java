package dev.threadmill.runs.execution;

import static dev.threadmill.runs.execution.LiveEventLog.MAX_RETAINED;
import static dev.threadmill.runs.execution.LiveEventLog.MAX_RETAINED_LENGTH;
import static dev.threadmill.runs.execution.LiveEventLog.MIN_RETAINED;

import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.RunEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * The latest events of a run in memory. Events are numbered from the first one of this node on, and
 * keep their numbers when earlier ones are evicted. Not thread-safe.
 */
final class EventWindow {
  private final List<SseFrame> frames = new ArrayList<>();
  private final List<RunEvent> evictedUncommitted = new ArrayList<>();
  private final boolean mergesDeltas;
  private EventId evictedUpTo;
  private EventId lastId;
  private int start;

  /**
   * @param base the position at which this node takes over the run
   * @param mergesDeltas whether evicted deltas of a text may become one
   */
  EventWindow(EventId base, boolean mergesDeltas) {
    this.mergesDeltas = mergesDeltas;
    this.evictedUpTo = base;
    this.lastId = base;
  }

  void add(StreamEvent event) {
    lastId = lastId.after(event.event());
    frames.add(new SseFrame(lastId, event));
  }

  /** The number of the first event in memory. */
  int start() {
    return start;
  }

  /** The number that the next event gets. */
  int end() {
    return start + frames.size();
  }

  /** The event of this number, which must be in memory. */
  SseFrame at(int number) {
    return frames.get(number - start);
  }

  /** A copy of these events, which must be in memory. */
  List<SseFrame> copy(int from, int to) {
    return List.copyOf(frames.subList(from - start, to - start));
  }

  /** Whether everything behind this position is in memory. */
  boolean reachesBackTo(EventId position) {
    return !position.isBefore(evictedUpTo);
  }

  /** By how much the events from this one up to that one advance the position. */
  long length(int from, int to) {
    return positionAt(to) - positionAt(from);
  }

  private long positionAt(int number) {
    return number == start ? evictedUpTo.position() : at(number - 1).id().position();
  }

  /** Whether so much is in memory that the events have to be journaled, to be evicted. */
  boolean isFull() {
    return frames.size() >= MAX_RETAINED || length(start, end()) >= MAX_RETAINED_LENGTH;
  }

  /**
   * Evicts journaled events that no reader close behind needs, many at a time.
   *
   * @param publishedUpTo readers may have the events before this one
   * @param journaledUpTo the events before this one are in the database
   * @param committedUpTo the events from this one on still have to be committed, so that their
   *     codes are kept
   * @param readers each requests its next events
   */
  void evict(int publishedUpTo, int journaledUpTo, int committedUpTo, EventReaders readers) {
    int withinLength = firstWithin(MAX_RETAINED_LENGTH, publishedUpTo);
    int most = Math.min(journaledUpTo, Math.max(publishedUpTo - MIN_RETAINED, withinLength));
    if (!isWorthEvicting(most)) {
      return;
    }
    int least = Math.max(publishedUpTo - MAX_RETAINED, withinLength);
    int upTo = Math.min(Math.max(Math.min(most, readers.smallestNext()), least), journaledUpTo);
    if (isWorthEvicting(upTo)) {
      evictUpTo(upTo, committedUpTo);
    }
  }

  private boolean isWorthEvicting(int upTo) {
    return upTo - start >= MIN_RETAINED
        || (upTo > start && length(start, upTo) >= MAX_RETAINED_LENGTH / 2);
  }

  /**
   * The smallest number whose events up to that one advance the position by no more than this. It
   * is at most one less than {@code to}, so that one event is wanted however long it is.
   */
  private int firstWithin(long length, int to) {
    int low = start;
    int high = Math.max(start, to - 1);
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (length(middle, to) <= length) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private void evictUpTo(int number, int committedUpTo) {
    for (int each = Math.max(start, committedUpTo); each < number; each++) {
      EventLog.append(evictedUncommitted, at(each).runEvent(), mergesDeltas);
    }
    evictedUpTo = at(number - 1).id();
    frames.subList(0, number - start).clear();
    start = number;
  }

  /** All events from this one on, those that were evicted without their texts. */
  List<RunEvent> uncommitted(int committedUpTo) {
    var events = new ArrayList<>(evictedUncommitted);
    for (int each = Math.max(committedUpTo, start); each < end(); each++) {
      events.add(at(each).runEvent());
    }
    return events;
  }

  /** All events so far are committed. */
  void committed() {
    evictedUncommitted.clear();
  }
}
