package dev.threadmill.bench;

import dev.threadmill.memory.BenchMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command {@code ./threadmill bench [name] [--json FILE]}. */
public final class Bench {
  private static final List<Benchmark> BENCHMARKS =
      List.of(
          new RunsBenchmark(Pace.FULL),
          new RunsBenchmark(Pace.QUICK),
          new ThroughputBenchmark(),
          new StreamsBenchmark(),
          new NodesBenchmark(),
          new RecoveryBenchmark());

  /** Needs a database and no server, so it is a bench of its own kind. */
  private static final String MEMORY = "memory";

  private Bench() {}

  /** Exit code 0 if it could be measured, whatever came out; 2 if the words make no sense. */
  public static void main(String... args) {
    var words = new ArrayList<>(List.of(args));
    if (!words.isEmpty() && words.getFirst().equals(MEMORY)) {
      System.exit(BenchMemory.measure(words.subList(1, words.size())));
    }
    Path json = null;
    int option = words.indexOf("--json");
    if (option >= 0 && option + 1 < words.size()) {
      json = Path.of(words.remove(option + 1));
      words.remove(option);
    }
    var name = words.isEmpty() ? BENCHMARKS.getFirst().name() : words.getFirst();
    var chosen = BENCHMARKS.stream().filter(each -> each.name().equals(name)).findFirst();
    if (words.size() > 1 || chosen.isEmpty()) {
      usage();
      System.exit(2);
    }
    System.exit(measure(chosen.get(), json));
  }

  private static int measure(Benchmark benchmark, Path json) {
    try (var stage = new Stage(Path.of(System.getProperty("threadmill.launcher")))) {
      return measure(benchmark, stage, json);
    } catch (IOException e) {
      System.err.println("threadmill: the bench could not start: " + e.getMessage());
      return 1;
    }
  }

  private static int measure(Benchmark benchmark, Stage stage, Path json) throws IOException {
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
    System.err.printf("  %-11s %s%n", MEMORY, BenchMemory.SUMMARY);
  }
}
