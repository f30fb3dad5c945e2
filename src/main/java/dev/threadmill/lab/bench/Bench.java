package dev.threadmill.lab.bench;

import dev.threadmill.lab.memory.MemoryBench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The command {@code ./threadmill bench [name] [--json FILE]}; one bench takes a number too. */
public final class Bench {
  private static final List<Benchmark> BENCHMARKS =
      List.of(
          new RunsBenchmark(BenchProfile.FULL),
          new RunsBenchmark(BenchProfile.QUICK),
          new ThroughputBenchmark(),
          new StreamsBenchmark(),
          new ViewersBenchmark(ViewersBenchmark.USUAL),
          new NodesBenchmark(),
          new RecoveryBenchmark());

  /** Needs a database and no server, so it is a bench of its own kind. */
  private static final String MEMORY = "memory";

  private Bench() {}

  /** Exit code 0 if it could be measured, whatever came out; 2 if the words make no sense. */
  public static void main(String... args) {
    var words = new ArrayList<>(List.of(args));
    if (!words.isEmpty() && words.getFirst().equals(MEMORY)) {
      System.exit(MemoryBench.measure(words.subList(1, words.size())));
    }
    Path json = null;
    int option = words.indexOf("--json");
    if (option >= 0 && option + 1 < words.size()) {
      json = Path.of(words.remove(option + 1));
      words.remove(option);
    }
    var chosen = chosen(words);
    if (chosen.isEmpty()) {
      usage();
      System.exit(2);
    }
    System.exit(measure(chosen.get(), json));
  }

  private static Optional<Benchmark> chosen(List<String> words) {
    if (words.isEmpty()) {
      return Optional.of(BENCHMARKS.getFirst());
    }
    try {
      return BENCHMARKS.stream()
          .filter(each -> each.name().equals(words.getFirst()))
          .findFirst()
          .map(each -> each.with(words.subList(1, words.size())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static int measure(Benchmark benchmark, Path json) {
    try (var stage = new BenchEnvironment(Path.of(System.getProperty("threadmill.launcher")))) {
      return measure(benchmark, stage, json);
    } catch (IOException e) {
      System.err.println("threadmill: the bench could not start: " + e.getMessage());
      return 1;
    }
  }

  private static int measure(Benchmark benchmark, BenchEnvironment stage, Path json)
      throws IOException {
    try {
      var report = new Report();
      benchmark.measure(stage, report);
      System.out.println();
      report.print(System.out);
      if (json != null) {
        report.write(json);
      }
      return 0;
    } catch (Exception e) {
      System.err.println("threadmill: the bench failed: " + e);
      System.err.println(stage.lastLines());
      return 1;
    }
  }

  private static void usage() {
    System.err.println("Usage: ./threadmill bench [name] [--json FILE], where the name is one of");
    for (var each : BENCHMARKS) {
      System.err.printf("  %-11s %s%n", each.name(), each.summary());
    }
    System.err.printf("  %-11s %s%n", MEMORY, MemoryBench.SUMMARY);
  }
}
