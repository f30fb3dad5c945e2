package dev.threadmill.lab.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One, two and three nodes on one database. On one machine they share its processors with
 * everything else, so this shows the cost of a further node, not its benefit.
 */
record NodesBenchmark() implements Benchmark {
  private static final int NODES = 3;
  private static final int ROUNDS = 3;
  private static final String MODEL = "mock-0";

  @Override
  public String name() {
    return "nodes";
  }

  @Override
  public String summary() {
    return "runs per second with one, two and three nodes on one database";
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    List<ServerProcess> nodes = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      RunsBenchmark.progress("starting node " + (i + 1));
      nodes.add(environment.startServer(ControlledComparison.DEFAULTS));
    }
    var assistant = ServerClient.makeAssistant(nodes.getFirst().api(), nodes.getFirst().key());
    for (var node : nodes) {
      RunsBenchmark.progress("warming up");
      load(List.of(node), assistant, BenchProfile.FULL.warmUp.toSeconds());
    }
    List<List<Double>> perSecond = new ArrayList<>();
    for (int count = 1; count <= NODES; count++) {
      perSecond.add(new ArrayList<>());
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (int count = 1; count <= NODES; count++) {
        RunsBenchmark.progress("measuring %d of %d nodes".formatted(count, NODES));
        perSecond
            .get(count - 1)
            .add(
                load(
                    nodes.subList(0, count), assistant, BenchProfile.FULL.measureTime.toSeconds()));
      }
    }
    for (int count = 1; count <= NODES; count++) {
      var all = perSecond.get(count - 1).stream().mapToDouble(Double::doubleValue).toArray();
      report.row(
          "runs, %d node%s".formatted(count, count == 1 ? "" : "s"),
          Report.Unit.PER_SECOND,
          Distribution.median(all),
          null,
          Report.Relation.NOTHING);
    }
  }

  private static double load(List<ServerProcess> nodes, String assistant, long seconds)
      throws Exception {
    var next = new AtomicInteger();
    return Load.closedLoop(
            Throughput.CLIENTS,
            Duration.ofSeconds(seconds),
            () -> {
              var node = nodes.get(next.getAndIncrement() % nodes.size());
              return new ServerClient(node.api(), node.key(), assistant);
            },
            (ServerClient client, long since) -> client.run(MODEL, since))
        .perSecond();
  }
}
