package dev.threadmill.bench;

import java.util.List;

/** How many runs a second, each durable, with a provider that takes no time. */
record Throughput(Sides sides, Pace pace) {
  static final int CLIENTS = 16;
  private static final String MODEL = "mock-0";
  private static final double AIM = 0.5;

  /** Puts the same load on both, and forgets it. */
  void warmUp() throws Exception {
    Load.closed(CLIENTS, pace.warmUp, sides::viaServer, this::run);
    Load.closed(CLIENTS, pace.warmUp.dividedBy(5), sides::direct, this::run);
  }

  private Sample run(Client client, long since) throws Exception {
    return client.run(MODEL, since);
  }

  void measure(Report report) throws Exception {
    var both =
        sides.alternately(clients -> Load.closed(CLIENTS, pace.turn, clients::connect, this::run));
    double server = perSecond(both.server());
    double control = perSecond(both.control());
    report.row(
        "runs, %d clients".formatted(CLIENTS),
        Report.Unit.PER_SECOND,
        server,
        control,
        Report.Against.RATIO);
    report.row(
        "their latency p50",
        Report.Unit.MILLIS,
        latency(both.server(), 0.5),
        latency(both.control(), 0.5),
        Report.Against.RATIO);
    report.row(
        "their latency p99",
        Report.Unit.MILLIS,
        latency(both.server(), 0.99),
        latency(both.control(), 0.99),
        Report.Against.RATIO);
    report.aim(
        "at least half the control's throughput",
        "%.0f %%".formatted(100 * server / control),
        server >= AIM * control);
  }

  private static double perSecond(List<Load.Done<Sample>> turns) {
    return Distribution.median(turns.stream().mapToDouble(Load.Done::perSecond).toArray());
  }

  private static double latency(List<Load.Done<Sample>> turns, double share) {
    return Distribution.median(
        turns.stream()
            .mapToDouble(
                turn -> Distribution.of(turn.results(), Sample::totalNanos).quantile(share))
            .toArray());
  }
}
