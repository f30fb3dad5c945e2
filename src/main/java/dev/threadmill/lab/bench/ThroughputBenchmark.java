package dev.threadmill.lab.bench;

/** Runs per second only, with a long warm-up, for profiling the server under load. */
record ThroughputBenchmark() implements Benchmark {
  @Override
  public String name() {
    return "throughput";
  }

  @Override
  public String summary() {
    return "runs per second only, for most of a minute, to profile the server (JAVA_OPTS)";
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    var comparison =
        new ControlledComparison(
            environment,
            environment.startServer(ControlledComparison.DEFAULTS),
            BenchProfile.FULL.rounds);
    var throughput = new Throughput(comparison, BenchProfile.FULL);
    throughput.warmUp();
    throughput.measure(report);
  }
}
