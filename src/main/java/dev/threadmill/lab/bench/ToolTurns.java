package dev.threadmill.lab.bench;

import java.util.List;

/**
 * Measures what a turn with a call of the client's tool adds to a run beyond the provider's own
 * time: the run pauses, the client submits the output, the run continues.
 */
record ToolTurns(ControlledComparison comparison, BenchProfile profile) {
  private static final int TURNS = 5;

  void measure(Report report) throws Exception {
    var both =
        comparison.alternate(
            clients ->
                perTurn(overhead(clients, "mock-0-turns" + TURNS), overhead(clients, "mock-0")));
    report.row(
        "a turn with a function call p50",
        Report.Unit.MILLIS,
        median(both.server()),
        median(both.control()),
        Report.Relation.DIFFERENCE);
  }

  private double overhead(Load.ClientFactory<? extends Client> clients, String model)
      throws Exception {
    var done =
        Load.closedLoop(
            1,
            profile.measureTime.dividedBy(3),
            clients::connect,
            (client, since) -> client.runWithTool(model, since));
    return Distribution.of(done.results(), Sample::totalOverhead).p50();
  }

  private static double perTurn(double withTools, double without) {
    return (withTools - without) / TURNS;
  }

  private static double median(List<Double> values) {
    return Distribution.median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
