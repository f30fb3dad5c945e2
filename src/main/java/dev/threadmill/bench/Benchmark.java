package dev.threadmill.bench;

/** Something that {@code ./threadmill bench} measures. */
interface Benchmark {
  /** The word after {@code ./threadmill bench}. */
  String name();

  /** What it measures, in a line. */
  String summary();

  /** Measures it. */
  void measure(Stage stage, Report report) throws Exception;
}
