package dev.threadmill.lab.bench;

import java.time.Duration;
import java.util.List;

/** The duration and size of a benchmark of runs. */
enum BenchProfile {
  /** About six minutes: the measured code is compiled by then. */
  FULL("runs", 3, Duration.ofSeconds(60), Duration.ofSeconds(7), 1_000, List.of(10, 1_000, 5_000)),
  /** Under two minutes: sufficient to see the effect of a change. */
  QUICK("quick", 3, Duration.ofSeconds(6), Duration.ofSeconds(2), 200, List.of(10, 1_000));

  /** The name of the benchmark. */
  final String bench;

  /** How often control and server alternate. */
  final int rounds;

  /** The time under load before the measurement. */
  final Duration warmUp;

  /** The time under load of one measurement. */
  final Duration measureTime;

  /** The number of concurrent open streams. */
  final int streams;

  /** The measured lengths of threads, in messages. */
  final List<Integer> threads;

  BenchProfile(
      String bench,
      int rounds,
      Duration warmUp,
      Duration measureTime,
      int streams,
      List<Integer> threads) {
    this.bench = bench;
    this.rounds = rounds;
    this.warmUp = warmUp;
    this.measureTime = measureTime;
    this.streams = streams;
    this.threads = threads;
  }
}
