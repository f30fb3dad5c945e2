package dev.threadmill.lab.chaos;

import dev.threadmill.lab.chaos.Violation.Effect;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What has happened so far, and what came of it. */
final class ChaosReport {
  private static final int MOST_TOLD = 20;
  private static final int LONGEST_WAITS = 3;

  private final Map<String, Integer> deeds = new TreeMap<>();
  private final Map<String, Integer> ends = new TreeMap<>();
  private final Map<Effect, Integer> effects = new TreeMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final List<InjectedFault> done = new ArrayList<>();
  private final RecoveryTimes waits = new RecoveryTimes();
  private final long began = System.nanoTime();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger read = new AtomicInteger();

  /** A deed, from when to when. */
  private record InjectedFault(String words, long begin, long end) {}

  void runCreated() {
    begun.incrementAndGet();
  }

  /** A deed that has begun then, in terms of {@link System#nanoTime}, and is done now. */
  synchronized void faultInjected(String deed, long since) {
    deeds.merge(deed, 1, Integer::sum);
    done.add(new InjectedFault(deed, since, System.nanoTime()));
  }

  void runRead() {
    read.incrementAndGet();
  }

  /** How all runs there are ended, those that nobody read as well. */
  synchronized void statusCounts(Map<String, Integer> byStatus) {
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

  RecoveryTimes recoveryTimes() {
    return waits;
  }

  synchronized boolean isClean() {
    return violations.isEmpty();
  }

  /** One line of how things are. */
  synchronized String progressLine() {
    return "%s  runs %d begun, %d read to their end; %d deeds; %s; kill to token %s"
        .formatted(
            at(System.nanoTime()),
            begun.get(),
            read.get(),
            deeds.values().stream().mapToInt(Integer::intValue).sum(),
            losses(),
            waits);
  }

  private String losses() {
    return "lost %d, duplicated %d, skipped %d, otherwise wrong %d"
        .formatted(
            effects.getOrDefault(Effect.LOST, 0),
            effects.getOrDefault(Effect.DUPLICATED, 0),
            effects.getOrDefault(Effect.SKIPPED, 0),
            effects.getOrDefault(Effect.WRONG, 0));
  }

  /** So many minutes and seconds after the beginning. */
  private String at(long nanos) {
    var passed = Duration.ofNanos(nanos - began);
    return "%d:%02d".formatted(passed.toMinutes(), passed.toSecondsPart());
  }

  /** A run that had to wait, and what was done meanwhile. */
  private String told(RecoveryTimes.Recovery wait) {
    var meanwhile =
        done.stream()
            .filter(deed -> deed.end() >= wait.killed().nanos() && deed.begin() <= wait.end())
            .map(deed -> deed.words() + " at " + at(deed.begin()))
            .toList();
    return "%.1f s: %s, node %s killed at %s; done meanwhile: %s"
        .formatted(
            wait.nanos() / 1e9,
            wait.run(),
            wait.killed().node(),
            at(wait.killed().nanos()),
            String.join(", ", meanwhile));
  }

  /**
   * The whole account.
   *
   * @param world whose logs tell more of the runs that waited longest
   */
  synchronized void print(PrintStream out, ChaosCluster world) throws IOException {
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
    out.printf("  %-44s %s%n", "from a kill to the next token", waits);
    violations.stream()
        .skip(MOST_TOLD)
        .limit(MOST_TOLD)
        .forEach(each -> out.println("  ! " + each));
    out.println("who waited longest after a kill");
    for (var wait : waits.longest(LONGEST_WAITS)) {
      out.println("  " + told(wait));
      world.linesAbout(wait.run()).forEach(line -> out.println("      " + line));
    }
  }
}
