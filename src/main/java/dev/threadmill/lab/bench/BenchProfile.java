package dev.threadmill.lab.bench;

import java.time.Duration;
import java.util.List;

/** How long a bench takes its time. */
enum BenchProfile {
  /** Some six minutes: what is measured has been compiled by then. */
  FULL("runs", 3, Duration.ofSeconds(60), Duration.ofSeconds(7), 1_000, List.of(10, 1_000, 5_000)),
  /** Under a minute: good enough to see what a change does. */
  QUICK("quick", 3, Duration.ofSeconds(6), Duration.ofSeconds(2), 200, List.of(10, 1_000));

  /** The name of the bench. */
  final String bench;

  /** How often control and server take turns. */
  final int rounds;

  /** How long the server is under load before anything counts. */
  final Duration warmUp;

  /** The length of one turn under load. */
  final Duration turn;

  /** How many streams are opened at once. */
  final int streams;

  /** The lengths of threads, in messages. */
  final List<Integer> threads;

  BenchProfile(
      String bench,
      int rounds,
      Duration warmUp,
      Duration turn,
      int streams,
      List<Integer> threads) {
    this.bench = bench;
    this.rounds = rounds;
    this.warmUp = warmUp;
    this.turn = turn;
    this.streams = streams;
    this.threads = threads;
  }
}
