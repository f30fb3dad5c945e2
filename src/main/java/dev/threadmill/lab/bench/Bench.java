package dev.threadmill.lab.bench;

import dev.threadmill.lab.memory.MemoryBench;
import dev.threadmill.lab.privacy.PrivacyBench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The command {@code ./threadmill bench [name] [--json FILE]}; some benchmarks take further
 * arguments.
 */
public final class Bench {
  private static final List<Benchmark> BENCHMARKS =
      List.of(
          new RunsBenchmark(BenchProfile.FULL),
          new RunsBenchmark(BenchProfile.QUICK),
          new ThroughputBenchmark(),
          new StreamsBenchmark(),
          new ViewersBenchmark(ViewersBenchmark.USUAL),
          new NodesBenchmark(),
          new RecoveryBenchmark(),
          new GovernanceBenchmark(),
          new SearchBenchmark());

  /** Needs a database and no server, so it is not a {@link Benchmark}. */
  private static final String MEMORY = "memory";

  /** Needs no server either. */
  private static final String PRIVACY = "privacy";

  private Bench() {}

  /**
   * Exit code 0 if it was measured, whatever the result; 1 if it failed; 2 for invalid arguments.
   */
  public static void main(String... args) {
    var arguments = new ArrayList<>(List.of(args));
    if (!arguments.isEmpty() && arguments.getFirst().equals(MEMORY)) {
      System.exit(MemoryBench.measure(arguments.subList(1, arguments.size())));
    }
    if (!arguments.isEmpty() && arguments.getFirst().equals(PRIVACY)) {
      System.exit(PrivacyBench.run(arguments.subList(1, arguments.size())));
    }
    Path json = null;
    int option = arguments.indexOf("--json");
    if (option >= 0 && option + 1 < arguments.size()) {
      json = Path.of(arguments.remove(option + 1));
      arguments.remove(option);
    }
    var chosen = chosen(arguments);
    if (chosen.isEmpty()) {
      usage();
      System.exit(2);
    }
    System.exit(measure(chosen.get(), json));
  }

  private static Optional<Benchmark> chosen(List<String> arguments) {
    if (arguments.isEmpty()) {
      return Optional.of(BENCHMARKS.getFirst());
    }
    try {
      return BENCHMARKS.stream()
          .filter(each -> each.name().equals(arguments.getFirst()))
          .findFirst()
          .map(each -> each.with(arguments.subList(1, arguments.size())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static int measure(Benchmark benchmark, Path json) {
    try (var environment =
        new BenchEnvironment(Path.of(System.getProperty("threadmill.launcher")))) {
      return measure(benchmark, environment, json);
    } catch (IOException e) {
      System.err.println("threadmill: the bench could not start: " + e.getMessage());
      return 1;
    }
  }

  private static int measure(Benchmark benchmark, BenchEnvironment environment, Path json)
      throws IOException {
    var report = new Report();
    int code = 0;
    try {
      benchmark.measure(environment, report);
    } catch (Exception e) {
      System.err.println("threadmill: the bench failed: " + e);
      System.err.println(environment.lastLines());
      code = 1;
    }
    System.out.println();
    report.print(System.out);
    if (json != null) {
      report.write(json);
    }
    return code;
  }

  private static void usage() {
    System.err.println("Usage: ./threadmill bench [name] [--json FILE], where the name is one of");
    for (var each : BENCHMARKS) {
      System.err.printf("  %-11s %s%n", each.name(), each.summary());
    }
    System.err.printf("  %-11s %s%n", MEMORY, MemoryBench.SUMMARY);
    System.err.printf("  %-11s %s%n", PRIVACY, PrivacyBench.SUMMARY);
  }
}
