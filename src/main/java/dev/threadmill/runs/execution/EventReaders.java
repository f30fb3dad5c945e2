package dev.threadmill.runs.execution;

import java.util.Arrays;
import java.util.function.IntSupplier;

/** The readers of a live run. Waking them takes no lock and allocates nothing. */
final class EventReaders {
  private static final Reader[] NONE = {};

  private volatile Reader[] readers = NONE;

  private record Reader(Runnable wake, IntSupplier next) {}

  /** Adds a reader, or replaces the one with the same {@code wake}. */
  synchronized void add(Runnable wake, IntSupplier next) {
    remove(wake);
    var more = Arrays.copyOf(readers, readers.length + 1);
    more[readers.length] = new Reader(wake, next);
    readers = more;
  }

  synchronized void remove(Runnable wake) {
    readers =
        Arrays.stream(readers).filter(reader -> !reader.wake().equals(wake)).toArray(Reader[]::new);
  }

  void wakeAll() {
    for (var reader : readers) {
      reader.wake().run();
    }
  }

  /**
   * The smallest number of an event that a reader reads next; the largest integer without readers.
   */
  int smallestNext() {
    int smallest = Integer.MAX_VALUE;
    for (var reader : readers) {
      smallest = Math.min(smallest, reader.next().getAsInt());
    }
    return smallest;
  }
}
