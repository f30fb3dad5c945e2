package dev.threadmill.lab.bench;

import java.util.List;

/** How many runs a second, each durable, with a provider that takes no time. */
record Throughput(ControlledComparison sides, BenchProfile pace) {
  static final int CLIENTS = 16;
  private static final String MODEL = "mock-0";
  private static final double AIM = 0.5;

  /** Puts the same load on both, and forgets it. */
  void warmUp() throws Exception {
    Load.closedLoop(CLIENTS, pace.warmUp, sides::serverClient, this::run);
    Load.closedLoop(CLIENTS, pace.warmUp.dividedBy(5), sides::directClient, this::run);
  }

  private Sample run(Client client, long since) throws Exception {
    return client.run(MODEL, since);
  }

  void measure(Report report) throws Exception {
    var both =
        sides.alternate(
            clients -> Load.closedLoop(CLIENTS, pace.turn, clients::connect, this::run));
    double server = perSecond(both.server());
    double control = perSecond(both.control());
    report.row(
        "runs, %d clients".formatted(CLIENTS),
        Report.Unit.PER_SECOND,
        server,
        control,
        Report.Relation.RATIO);
    report.row(
        "their latency p50",
        Report.Unit.MILLIS,
        latency(both.server(), 0.5),
        latency(both.control(), 0.5),
        Report.Relation.RATIO);
    report.row(
        "their latency p99",
        Report.Unit.MILLIS,
        latency(both.server(), 0.99),
        latency(both.control(), 0.99),
        Report.Relation.RATIO);
    report.target(
        "at least half the control's throughput",
        "%.0f %%".formatted(100 * server / control),
        server >= AIM * control);
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
