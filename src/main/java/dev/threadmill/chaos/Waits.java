package dev.threadmill.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How long runs whose node was killed had to wait for their next token. */
final class Waits {
  private final Map<String, Killed> killed = new ConcurrentHashMap<>();
  private final List<Wait> waits = new ArrayList<>();

  /**
   * A run whose node was killed.
   *
   * @param attempt how often it had been taken up then
   * @param nanos when, in terms of {@link System#nanoTime}
   */
  record Killed(String node, int attempt, long nanos) {}

  /** A run that has gone on after so long. */
  record Wait(String run, Killed killed, long nanos) {
    long end() {
      return killed.nanos() + nanos;
    }
  }

  /**
   * A node was killed under these runs; the time until the next token of each is taken. One that
   * has not gone on since another kill waits since that one.
   */
  void killedUnder(Map<String, Killed> runs) {
    runs.forEach(killed::putIfAbsent);
  }

  /** A reader of the run has a token that this attempt has told. */
  void token(String run, int attempt) {
    var since = killed.get(run);
    if (since != null && attempt > since.attempt() && killed.remove(run, since)) {
      synchronized (this) {
        waits.add(new Wait(run, since, System.nanoTime() - since.nanos()));
      }
    }
  }

  /** The longest ones, the longest of all first. */
  synchronized List<Wait> longest(int most) {
    return waits.stream()
        .sorted(Comparator.comparingLong(Wait::nanos).reversed())
        .limit(most)
        .toList();
  }

  @Override
  public synchronized String toString() {
    if (waits.isEmpty()) {
      return "not measured yet";
    }
    var sorted = waits.stream().map(Wait::nanos).sorted().toList();
    return "p50 %.1f s, p99 %.1f s, at most %.1f s, of %d"
        .formatted(
            quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1), sorted.size());
  }

  private static double quantile(List<Long> sorted, double share) {
    int at = Math.clamp((int) Math.ceil(share * sorted.size()) - 1, 0, sorted.size() - 1);
    return sorted.get(at) / 1e9;
  }
}
