package dev.threadmill.lab.bench;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Measures how much later than at the provider itself the first token and the end of a run arrive,
 * at a steady rate below saturation.
 */
record Latency(ControlledComparison comparison, BenchProfile profile) {
  private static final String MODEL = "mock-t20-i1-n20";
  private static final int PER_SECOND = 40;
  private static final double TARGET_MILLIS = 3;

  void measure(Report report) throws Exception {
    var both =
        comparison.alternate(
            clients ->
                Load.openLoop(
                        PER_SECOND,
                        profile.measureTime,
                        clients::connect,
                        (client, since) -> client.run(MODEL, since))
                    .results());
    var server = all(both.server());
    var control = all(both.control());
    compare(report, "first token after the provider's", server, control, Sample::firstOverhead);
    compare(report, "end after the provider's", server, control, Sample::totalOverhead);
    double overhead =
        (Distribution.of(server, Sample::firstOverhead).p50()
                - Distribution.of(control, Sample::firstOverhead).p50())
            / 1e6;
    report.target(
        "first-token overhead of at most 3 ms p50 over calling the provider directly",
        "%.2f ms".formatted(overhead),
        overhead <= TARGET_MILLIS);
  }

  private static void compare(
      Report report,
      String name,
      List<Sample> server,
      List<Sample> control,
      ToLongFunction<Sample> value) {
    var ofServer = Distribution.of(server, value);
    var ofControl = Distribution.of(control, value);
    report.row(
        name + " p50",
        Report.Unit.MILLIS,
        ofServer.p50(),
        ofControl.p50(),
        Report.Relation.DIFFERENCE);
    report.row(
        name + " p99",
        Report.Unit.MILLIS,
        ofServer.p99(),
        ofControl.p99(),
        Report.Relation.DIFFERENCE);
  }

  private static List<Sample> all(List<List<Sample>> turns) {
    return turns.stream().flatMap(List::stream).toList();
  }
}
