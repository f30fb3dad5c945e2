package dev.threadmill.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * How long a run takes on threads of different lengths, all of which goes into the prompt. The
 * control reads the thread from its table too, so what it takes is what the prompt itself costs.
 * The first run on a thread is told from the next one, for which the server may remember the
 * thread.
 */
record ThreadLength(ControlledComparison sides, BenchProfile pace) {
  private static final String MODEL = "mock-0";
  private static final int THREADS_A_TURN = 12;

  /** Differences between two medians below this are the noise of the machine. */
  private static final double NOISE_NANOS = 2e6;

  void measure(Report report) throws Exception {
    Map<Integer, Cost> costs = new TreeMap<>();
    for (int length : pace.threads) {
      warmUp(sides::serverClient, length);
      warmUp(sides::directClient, length);
      var cost = Cost.of(sides.alternate(clients -> latencies(clients, length)));
      costs.put(length, cost);
      row(report, "first", length, cost.serverFirst(), cost.controlFirst());
      row(report, "next", length, cost.serverNext(), cost.controlNext());
    }
    int shortest = pace.threads.getFirst();
    int longest = pace.threads.getLast();
    var few = costs.get(shortest);
    var many = costs.get(longest);
    aim(
        report,
        "a thread of %,d messages costs no more than its prompt does".formatted(longest),
        shortest,
        many.serverNext() - few.serverNext(),
        many.controlNext() - few.controlNext());
    aim(
        report,
        "nor does the first run on it",
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

  private static void aim(Report report, String aim, int shortest, double ours, double prompt) {
    report.target(
        aim,
        "%.1f ms more than one of %d, the control %.1f ms"
            .formatted(ours / 1e6, shortest, prompt / 1e6),
        ours <= prompt + NOISE_NANOS);
  }

  /** Runs on threads that nobody has had a run on before, and the run after each. */
  private record Latencies(List<Sample> first, List<Sample> next) {}

  /** The medians, in nanoseconds. */
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

  /** What came before were short runs, and a long prompt is work of another kind. */
  private void warmUp(Load.ClientFactory<? extends Client> clients, int length) throws Exception {
    long end = System.nanoTime() + pace.turn.toNanos();
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

  /** A server that leaves messages out would be fast for the wrong reason. */
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
