package dev.threadmill.search;

import java.util.Comparator;
import java.util.PriorityQueue;

/** The slots with the highest values that were offered; at a tie those with the latest time. */
final class TopK {
  private final int capacity;
  private final PriorityQueue<Offered> best =
      new PriorityQueue<>(
          Comparator.comparingDouble(Offered::value).thenComparingLong(Offered::time));

  private double least = Double.NEGATIVE_INFINITY;

  TopK(int capacity) {
    this.capacity = capacity;
  }

  private record Offered(int slot, double value, long time) {}

  /** Whether a value can be among the highest; false for NaN. */
  boolean isCompetitive(double value) {
    return value >= least;
  }

  void offer(int slot, double value, long time) {
    best.add(new Offered(slot, value, time));
    if (best.size() > capacity) {
      best.remove();
      least = best.element().value();
    }
  }

  /** The slots, in no particular order. */
  int[] slots() {
    return best.stream().mapToInt(Offered::slot).toArray();
  }
}
