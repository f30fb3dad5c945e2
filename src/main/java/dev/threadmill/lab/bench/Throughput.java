package dev.threadmill.lab.bench;

import java.util.List;

/** Measures durable runs per second with a provider that takes no time. */
record Throughput(ControlledComparison comparison, BenchProfile profile) {
  static final int CLIENTS = 16;
  private static final String MODEL = "mock-0";
  private static final double TARGET = 0.5;

  /** Generates the same load on both comparison without measuring. */
  void warmUp() throws Exception {
    Load.closedLoop(CLIENTS, profile.warmUp, comparison::serverClient, this::run);
    Load.closedLoop(CLIENTS, profile.warmUp.dividedBy(5), comparison::directClient, this::run);
  }

  private Sample run(Client client, long since) throws Exception {
    return client.run(MODEL, since);
  }

  void measure(Report report) throws Exception {
    var both =
        comparison.alternate(
            clients -> Load.closedLoop(CLIENTS, profile.measureTime, clients::connect, this::run));
    double server = perSecond(both.server());
    double control = perSecond(both.control());
    report.row(
        "runs, %d clients".formatted(CLIENTS),
        Report.Unit.PER_SECOND,
        server,
        control,
        Report.Relation.RATIO);
    report.row(
        "latency of these runs p50",
        Report.Unit.MILLIS,
        latency(both.server(), 0.5),
        latency(both.control(), 0.5),
        Report.Relation.RATIO);
    report.row(
        "latency of these runs p99",
        Report.Unit.MILLIS,
        latency(both.server(), 0.99),
        latency(both.control(), 0.99),
        Report.Relation.RATIO);
    report.target(
        "at least half the control's throughput",
        "%.0f %%".formatted(100 * server / control),
        server >= TARGET * control);
  }

  private static double perSecond(List<Load.Result<Sample>> turns) {
    return Distribution.median(turns.stream().mapToDouble(Load.Result::perSecond).toArray());
  }

  private static double latency(List<Load.Result<Sample>> turns, double share) {
    return Distribution.median(
        turns.stream()
            .mapToDouble(
                turn -> Distribution.of(turn.results(), Sample::totalNanos).quantile(share))
            .toArray());
  }
}
