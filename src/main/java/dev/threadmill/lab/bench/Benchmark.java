package dev.threadmill.lab.bench;

import java.util.List;

/** Something that {@code ./threadmill bench} measures. */
interface Benchmark {
  /** The word after {@code ./threadmill bench}. */
  String name();

  /** What it measures, in a line. */
  String summary();

  /**
   * The same as more words of the command want it.
   *
   * @throws IllegalArgumentException if they make no sense
   */
  default Benchmark with(List<String> words) {
    if (!words.isEmpty()) {
      throw new IllegalArgumentException(String.join(" ", words));
    }
    return this;
  }

  /** Measures it. */
  void measure(BenchEnvironment stage, Report report) throws Exception;
}
