package dev.threadmill.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long a run takes on threads of different lengths, all of which goes into the prompt. The
 * control reads the thread from its table too, so what it takes is what the prompt itself costs.
 */
record ThreadLength(Sides sides, Pace pace) {
  private static final String MODEL = "mock-0";
  private static final int RUNS_A_TURN = 12;

  /** Differences between two medians below this are the noise of the machine. */
  private static final double NOISE_NANOS = 2e6;

  void measure(Report report) throws Exception {
    Map<Integer, Double> server = new TreeMap<>();
    Map<Integer, Double> control = new TreeMap<>();
    for (int length : pace.threads) {
      var both = sides.alternately(clients -> latencies(clients, length));
      server.put(length, median(both.server()));
      control.put(length, median(both.control()));
      report.row(
          "a run on a thread of %,d p50".formatted(length),
          Report.Unit.MILLIS,
          server.get(length),
          control.get(length),
          Report.Against.DIFFERENCE);
    }
    int shortest = pace.threads.getFirst();
    int longest = pace.threads.getLast();
    double ours = server.get(longest) - server.get(shortest);
    double prompt = control.get(longest) - control.get(shortest);
    report.aim(
        "a thread of %,d messages costs no more than its prompt does".formatted(longest),
        "%.1f ms more than one of %d, the control %.1f ms"
            .formatted(ours / 1e6, shortest, prompt / 1e6),
        ours <= prompt + NOISE_NANOS);
  }

  private List<Sample> latencies(Load.Clients<? extends Client> clients, int length)
      throws Exception {
    List<Sample> samples = new ArrayList<>();
    try (var client = clients.connect()) {
      for (int i = 0; i < RUNS_A_TURN; i++) {
        var thread = client.makeThread(length);
        samples.add(client.runOn(thread, MODEL, System.nanoTime()));
      }
    }
    requireWholePrompt(samples, length);
    return samples;
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

  private static double median(List<List<Sample>> turns) {
    var all = turns.stream().flatMap(List::stream).toList();
    return Distribution.of(all, Sample::totalNanos).p50();
  }
}
