package dev.threadmill.lab.bench;

/** Runs per second and nothing else, with a long warm-up: to profile the server under load. */
record ThroughputBenchmark() implements Benchmark {
  @Override
  public String name() {
    return "throughput";
  }

  @Override
  public String summary() {
    return "only runs per second, for most of a minute; JAVA_OPTS may have the server profiled";
  }

  @Override
  public void measure(BenchEnvironment stage, Report report) throws Exception {
    var sides =
        new ControlledComparison(
            stage,
            stage.startServer(ControlledComparison.WITHOUT_INDEXING),
            BenchProfile.FULL.rounds);
    var throughput = new Throughput(sides, BenchProfile.FULL);
    throughput.warmUp();
    throughput.measure(report);
  }
}
