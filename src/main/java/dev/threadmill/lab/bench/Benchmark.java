package dev.threadmill.lab.bench;

import java.util.List;

/** A measurement of {@code ./threadmill bench}. */
interface Benchmark {
  /** The argument of {@code ./threadmill bench} that selects it. */
  String name();

  /** A description in one line. */
  String summary();

  /**
   * This benchmark with further arguments of the command applied.
   *
   * @throws IllegalArgumentException if they are invalid
   */
  default Benchmark with(List<String> arguments) {
    if (!arguments.isEmpty()) {
      throw new IllegalArgumentException(String.join(" ", arguments));
    }
    return this;
  }

  /** Measures and adds the results to the report. */
  void measure(BenchEnvironment environment, Report report) throws Exception;
}
