package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Measures runs on threads of different lengths that fit the prompt as a whole. The control reads
 * the thread from its table too, so its time is the cost of the prompt itself. The first run on a
 * thread is measured apart from the next one, for which the server may have cached the thread.
 */
record ThreadLength(ControlledComparison comparison, BenchProfile profile) {
  private static final String MODEL = "mock-0";
  private static final int THREADS_A_TURN = 12;

  /** Differences between two medians below this are noise. */
  private static final double NOISE_NANOS = 2e6;

  void measure(Report report) throws Exception {
    Map<Integer, Cost> costs = new TreeMap<>();
    for (int length : profile.threads) {
      warmUp(comparison::serverClient, length);
      warmUp(comparison::directClient, length);
      var cost = Cost.of(comparison.alternate(clients -> latencies(clients, length)));
      costs.put(length, cost);
      row(report, "first", length, cost.serverFirst(), cost.controlFirst());
      row(report, "next", length, cost.serverNext(), cost.controlNext());
    }
    int shortest = profile.threads.getFirst();
    int longest = profile.threads.getLast();
    var few = costs.get(shortest);
    var many = costs.get(longest);
    target(
        report,
        "a thread of %,d messages costs no more than its prompt does".formatted(longest),
        shortest,
        many.serverNext() - few.serverNext(),
        many.controlNext() - few.controlNext());
    target(
        report,
        "the first run on such a thread costs no more than its prompt does",
        shortest,
        many.serverFirst() - few.serverFirst(),
        many.controlFirst() - few.controlFirst());
  }

  private static void row(Report report, String which, int length, double server, double control) {
    report.row(
        "the %s run on a thread of %,d p50".formatted(which, length),
        Report.Unit.MILLIS,
        server,
        control,
        Report.Relation.DIFFERENCE);
  }

  private static void target(
      Report report, String target, int shortest, double ours, double prompt) {
    report.target(
        target,
        "%.1f ms more than one of %d, the control %.1f ms"
            .formatted(ours / 1e6, shortest, prompt / 1e6),
        ours <= prompt + NOISE_NANOS);
  }

  /** The first run on each thread, and the run after it. */
  private record Latencies(List<Sample> first, List<Sample> next) {}

  /** Medians in nanoseconds. */
  private record Cost(
      double serverFirst, double serverNext, double controlFirst, double controlNext) {
    static Cost of(ControlledComparison.Results<Latencies> both) {
      return new Cost(
          median(both.server(), Latencies::first),
          median(both.server(), Latencies::next),
          median(both.control(), Latencies::first),
          median(both.control(), Latencies::next));
    }
  }

  /** The earlier runs were short, and long prompts use other code. */
  private void warmUp(Load.ClientFactory<? extends Client> clients, int length) throws Exception {
    long end = System.nanoTime() + profile.measureTime.toNanos();
    try (var client = clients.connect()) {
      do {
        var thread = client.makeThread(length);
        client.runOn(thread, MODEL, System.nanoTime());
        client.runOn(thread, MODEL, System.nanoTime());
      } while (System.nanoTime() < end);
    }
  }

  private Latencies latencies(Load.ClientFactory<? extends Client> clients, int length)
      throws Exception {
    var latencies = new Latencies(new ArrayList<>(), new ArrayList<>());
    try (var client = clients.connect()) {
      for (int i = 0; i < THREADS_A_TURN; i++) {
        var thread = client.makeThread(length);
        latencies.first.add(client.runOn(thread, MODEL, System.nanoTime()));
        latencies.next.add(client.runOn(thread, MODEL, System.nanoTime()));
      }
    }
    requireWholePrompt(latencies.first, length);
    requireWholePrompt(latencies.next, length);
    return latencies;
  }

  /** A server that omits messages would be faster for the wrong reason. */
  private static void requireWholePrompt(List<Sample> samples, int length) {
    for (var sample : samples) {
      if (sample.promptBytes() < (long) length * Client.QUESTION.length()) {
        throw new IllegalStateException(
            "the prompt of a thread of %d messages has only %d bytes"
                .formatted(length, sample.promptBytes()));
      }
    }
  }

  private static double median(List<Latencies> turns, Function<Latencies, List<Sample>> samples) {
    var all = turns.stream().map(samples).flatMap(List::stream).toList();
    return Distribution.of(all, Sample::totalNanos).p50();
  }
}
