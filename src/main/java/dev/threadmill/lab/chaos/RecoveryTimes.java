package dev.threadmill.lab.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The time from the kill of a node to the next token, for each run that the node owned. */
final class RecoveryTimes {
  private final Map<String, InterruptedRun> killed = new ConcurrentHashMap<>();
  private final List<Recovery> waits = new ArrayList<>();

  /**
   * A run whose node was killed.
   *
   * @param attempt its attempt at that time
   * @param nanos the time of the kill in terms of {@link System#nanoTime}
   */
  record InterruptedRun(String node, int attempt, long nanos) {}

  /**
   * A run that has continued.
   *
   * @param nanos the time from the kill to the next token
   */
  record Recovery(String run, InterruptedRun killed, long nanos) {
    long end() {
      return killed.nanos() + nanos;
    }
  }

  /**
   * Starts the measurement of these runs. A run that is still waiting keeps the time of its earlier
   * kill.
   */
  void nodeKilled(Map<String, InterruptedRun> runs) {
    runs.forEach(killed::putIfAbsent);
  }

  /** Ends the measurement of a run if the token belongs to a later attempt. */
  void tokenReceived(String run, int attempt) {
    var since = killed.get(run);
    if (since != null && attempt > since.attempt() && killed.remove(run, since)) {
      synchronized (this) {
        waits.add(new Recovery(run, since, System.nanoTime() - since.nanos()));
      }
    }
  }

  /** The longest recoveries, longest first. */
  synchronized List<Recovery> longest(int most) {
    return waits.stream()
        .sorted(Comparator.comparingLong(Recovery::nanos).reversed())
        .limit(most)
        .toList();
  }

  @Override
  public synchronized String toString() {
    if (waits.isEmpty()) {
      return "not measured yet";
    }
    var sorted = waits.stream().map(Recovery::nanos).sorted().toList();
    return "p50 %.1f s, p99 %.1f s, at most %.1f s, of %d"
        .formatted(
            quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1), sorted.size());
  }

  private static double quantile(List<Long> sorted, double share) {
    int at = Math.clamp((int) Math.ceil(share * sorted.size()) - 1, 0, sorted.size() - 1);
    return sorted.get(at) / 1e9;
  }
}
