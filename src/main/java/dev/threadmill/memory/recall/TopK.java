package dev.threadmill.memory.recall;

import java.util.Comparator;
import java.util.PriorityQueue;

/** The places of the highest values that are offered; of equal ones those that were said last. */
final class TopK {
  private final int most;
  private final PriorityQueue<Offered> best =
      new PriorityQueue<>(
          Comparator.comparingDouble(Offered::value).thenComparingLong(Offered::saidAt));

  private double least = Double.NEGATIVE_INFINITY;

  /**
   * @param most how many places are wanted
   */
  TopK(int most) {
    this.most = most;
  }

  private record Offered(int place, double value, long saidAt) {}

  /** Whether a value may be among the highest. False for what is not a number. */
  boolean isCompetitive(double value) {
    return value >= least;
  }

  /** Offers a place. */
  void offer(int place, double value, long saidAt) {
    best.add(new Offered(place, value, saidAt));
    if (best.size() > most) {
      best.remove();
      least = best.element().value();
    }
  }

  /** The places, in no order. */
  int[] ordinals() {
    return best.stream().mapToInt(Offered::place).toArray();
  }
}
