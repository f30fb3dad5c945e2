package dev.threadmill.lab.bench;

import static dev.threadmill.lab.bench.Report.Unit.MILLIS;
import static dev.threadmill.lab.bench.Report.Unit.PER_SECOND;

import java.util.List;

/** Measures durable runs per second with a provider that takes no time. */
record Throughput(ControlledComparison comparison, BenchProfile profile) {
  static final int CLIENTS = 16;
  private static final String MODEL = "mock-0";
  private static final double TARGET = 0.5;

  /** Generates the same load on both sides without measuring. */
  void warmUp() throws Exception {
    Load.closedLoop(CLIENTS, profile.warmUp, comparison::serverClient, this::run);
    Load.closedLoop(CLIENTS, profile.warmUp, comparison::directClient, this::run);
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
    measureResponses(report, server);
    measureCost(report, "");
    report.target(
        "at least half the control's throughput",
        "%.0f %%".formatted(100 * server / control),
        server >= TARGET * control);
  }

  /**
   * Measures the same by the Responses API, beside runs.
   *
   * @param runs per second
   */
  private void measureResponses(Report report, double runs) throws Exception {
    Load.closedLoop(
        CLIENTS, profile.warmUp.dividedBy(5), comparison::serverClient, Throughput::respond);
    var turn =
        Load.closedLoop(
            CLIENTS, profile.measureTime, comparison::serverClient, Throughput::respond);
    report.row(
        "responses, beside runs",
        Report.Unit.PER_SECOND,
        turn.perSecond(),
        runs,
        Report.Relation.RATIO);
  }

  private static Sample respond(ServerClient client, long since) throws Exception {
    return client.respond(MODEL, since);
  }

  /**
   * Measures the processor time that a run takes of the server and of the database, under the same
   * load as throughput.
   *
   * @param variant the end of the rows' names
   */
  void measureCost(Report report, String variant) throws Exception {
    var before = ProcessorTime.read(comparison);
    var turn = Load.closedLoop(CLIENTS, profile.measureTime, comparison::serverClient, this::run);
    var used = ProcessorTime.read(comparison).minus(before);
    double runs = turn.results().size();
    if (!variant.isEmpty()) {
      only(report, "runs, %d clients%s".formatted(CLIENTS, variant), PER_SECOND, turn.perSecond());
    }
    only(report, "server's processor time per run" + variant, MILLIS, used.server() / runs);
    only(report, "database's processor time per run" + variant, MILLIS, used.database() / runs);
  }

  private static void only(Report report, String name, Report.Unit unit, double value) {
    report.row(name, unit, value, null, Report.Relation.NOTHING);
  }

  static double perSecond(List<Load.Result<Sample>> turns) {
    return Distribution.median(turns.stream().mapToDouble(Load.Result::perSecond).toArray());
  }

  static double latency(List<Load.Result<Sample>> turns, double share) {
    return Distribution.median(
        turns.stream()
            .mapToDouble(
                turn -> Distribution.of(turn.results(), Sample::totalNanos).quantile(share))
            .toArray());
  }
}
