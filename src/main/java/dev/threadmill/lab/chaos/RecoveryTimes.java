package dev.threadmill.lab.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How long runs whose node was killed had to wait for their next token. */
final class RecoveryTimes {
  private final Map<String, InterruptedRun> killed = new ConcurrentHashMap<>();
  private final List<Recovery> waits = new ArrayList<>();

  /**
   * A run whose node was killed.
   *
   * @param attempt how often it had been taken up then
   * @param nanos when, in terms of {@link System#nanoTime}
   */
  record InterruptedRun(String node, int attempt, long nanos) {}

  /** A run that has gone on after so long. */
  record Recovery(String run, InterruptedRun killed, long nanos) {
    long end() {
      return killed.nanos() + nanos;
    }
  }

  /**
   * A node was killed under these runs; the time until the next token of each is taken. One that
   * has not gone on since another kill waits since that one.
   */
  void nodeKilled(Map<String, InterruptedRun> runs) {
    runs.forEach(killed::putIfAbsent);
  }

  /** A reader of the run has a token that this attempt has told. */
  void tokenReceived(String run, int attempt) {
    var since = killed.get(run);
    if (since != null && attempt > since.attempt() && killed.remove(run, since)) {
      synchronized (this) {
        waits.add(new Recovery(run, since, System.nanoTime() - since.nanos()));
      }
    }
  }

  /** The longest ones, the longest of all first. */
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
