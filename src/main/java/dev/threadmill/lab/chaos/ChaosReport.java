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

/** Collects injected faults, outcomes and violations of a chaos test. */
final class ChaosReport {
  private static final int MOST_TOLD = 20;
  private static final int LONGEST_WAITS = 3;

  private final Map<String, Integer> faults = new TreeMap<>();
  private final Map<String, Integer> ends = new TreeMap<>();
  private final Map<Effect, Integer> effects = new TreeMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final List<InjectedFault> done = new ArrayList<>();
  private final RecoveryTimes waits = new RecoveryTimes();
  private final long began = System.nanoTime();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger read = new AtomicInteger();

  /** A fault with its begin and end in terms of {@link System#nanoTime}. */
  private record InjectedFault(String description, long begin, long end) {}

  void runCreated() {
    begun.incrementAndGet();
  }

  /** Records a fault that began at this {@link System#nanoTime} and ends now. */
  synchronized void faultInjected(String fault, long since) {
    faults.merge(fault, 1, Integer::sum);
    done.add(new InjectedFault(fault, since, System.nanoTime()));
  }

  void runRead() {
    read.incrementAndGet();
  }

  /** Sets the number of all runs by their final status. */
  synchronized void statusCounts(Map<String, Integer> byStatus) {
    ends.putAll(byStatus);
  }

  /** Records violations; the first few are printed at once. */
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

  /** The current totals in one line. */
  synchronized String progressLine() {
    return "%s  runs %d created, %d read to their end; %d faults; %s; kill to token %s"
        .formatted(
            at(System.nanoTime()),
            begun.get(),
            read.get(),
            faults.values().stream().mapToInt(Integer::intValue).sum(),
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

  /** The time since the start as minutes and seconds. */
  private String at(long nanos) {
    var passed = Duration.ofNanos(nanos - began);
    return "%d:%02d".formatted(passed.toMinutes(), passed.toSecondsPart());
  }

  /** Describes a run that had to wait and the faults of that time. */
  private String describe(RecoveryTimes.Recovery wait) {
    var meanwhile =
        done.stream()
            .filter(fault -> fault.end() >= wait.killed().nanos() && fault.begin() <= wait.end())
            .map(fault -> fault.description() + " at " + at(fault.begin()))
            .toList();
    return "%.1f s: %s, node %s killed at %s; other faults: %s"
        .formatted(
            wait.nanos() / 1e9,
            wait.run(),
            wait.killed().node(),
            at(wait.killed().nanos()),
            String.join(", ", meanwhile));
  }

  /**
   * Prints the full report.
   *
   * @param cluster the source of log lines for the runs that waited longest
   */
  synchronized void print(PrintStream out, ChaosCluster cluster) throws IOException {
    out.println();
    out.println("injected faults");
    faults.forEach((fault, times) -> out.printf("  %-44s %6d%n", fault, times));
    out.println("runs by final status");
    ends.forEach((status, times) -> out.printf("  %-44s %6d%n", status, times));
    out.println("violations");
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
    out.println("longest waits after a kill");
    for (var wait : waits.longest(LONGEST_WAITS)) {
      out.println("  " + describe(wait));
      cluster.linesAbout(wait.run()).forEach(line -> out.println("      " + line));
    }
  }
}
