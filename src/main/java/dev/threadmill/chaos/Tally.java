package dev.threadmill.chaos;

import dev.threadmill.chaos.Violation.Effect;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What has happened so far, and what came of it. */
final class Tally {
  private static final int MOST_TOLD = 20;

  private final Map<String, Integer> deeds = new TreeMap<>();
  private final Map<String, Integer> ends = new TreeMap<>();
  private final Map<Effect, Integer> effects = new TreeMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final List<Long> waits = new ArrayList<>();
  private final Map<String, Killed> killed = new ConcurrentHashMap<>();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger read = new AtomicInteger();

  /** A run whose node was killed, and how often it had been taken up then. */
  record Killed(int attempt, long nanos) {}

  void began() {
    begun.incrementAndGet();
  }

  synchronized void did(String deed) {
    deeds.merge(deed, 1, Integer::sum);
  }

  void read() {
    read.incrementAndGet();
  }

  /** How all runs there are ended, those that nobody read as well. */
  synchronized void ended(Map<String, Integer> byStatus) {
    ends.putAll(byStatus);
  }

  /** Notes what was not kept; the first few are told at once. */
  synchronized void add(Collection<Violation> found) {
    for (var violation : found) {
      effects.merge(violation.effect(), 1, Integer::sum);
      violations.add(violation);
      if (violations.size() <= MOST_TOLD) {
        System.out.println("  ! " + violation);
      }
    }
  }

  /** A node was killed under these runs; the time until the next token of each is taken. */
  void killedUnder(Map<String, Killed> runs) {
    killed.putAll(runs);
  }

  /** A reader of the run has a token that this attempt has told. */
  void token(String run, int attempt) {
    var since = killed.get(run);
    if (since != null && attempt > since.attempt() && killed.remove(run, since)) {
      synchronized (this) {
        waits.add(System.nanoTime() - since.nanos());
      }
    }
  }

  synchronized boolean isClean() {
    return violations.isEmpty();
  }

  /** One line of how things are. */
  synchronized String line(Duration passed) {
    return "%d:%02d  runs %d begun, %d read to their end; %d deeds; %s; kill to token %s"
        .formatted(
            passed.toMinutes(),
            passed.toSecondsPart(),
            begun.get(),
            read.get(),
            deeds.values().stream().mapToInt(Integer::intValue).sum(),
            losses(),
            times());
  }

  private String losses() {
    return "lost %d, duplicated %d, skipped %d, otherwise wrong %d"
        .formatted(
            effects.getOrDefault(Effect.LOST, 0),
            effects.getOrDefault(Effect.DUPLICATED, 0),
            effects.getOrDefault(Effect.SKIPPED, 0),
            effects.getOrDefault(Effect.WRONG, 0));
  }

  private String times() {
    if (waits.isEmpty()) {
      return "not measured yet";
    }
    var sorted = waits.stream().sorted().toList();
    return "p50 %.1f s, p99 %.1f s of %d"
        .formatted(quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.size());
  }

  private static double quantile(List<Long> sorted, double share) {
    int at = Math.clamp((int) Math.ceil(share * sorted.size()) - 1, 0, sorted.size() - 1);
    return sorted.get(at) / 1e9;
  }

  /** The whole account. */
  synchronized void print(PrintStream out) {
    out.println();
    out.println("what was done");
    deeds.forEach((deed, times) -> out.printf("  %-44s %6d%n", deed, times));
    out.println("how runs ended");
    ends.forEach((status, times) -> out.printf("  %-44s %6d%n", status, times));
    out.println("what came of it");
    for (var effect : Effect.values()) {
      var name =
          effect == Effect.WRONG ? "otherwise wrong" : effect.name().toLowerCase(Locale.ROOT);
      out.printf("  %-44s %6d%n", name, effects.getOrDefault(effect, 0));
    }
    out.printf("  %-44s %s%n", "from a kill to the next token", times());
    violations.stream()
        .skip(MOST_TOLD)
        .limit(MOST_TOLD)
        .forEach(each -> out.println("  ! " + each));
  }
}
