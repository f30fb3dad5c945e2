package dev.threadmill.lab.bench;

/** The cost of runs: throughput, latency, memory, database work, long threads. */
record RunsBenchmark(BenchProfile profile) implements Benchmark {
  @Override
  public String name() {
    return profile.bench;
  }

  @Override
  public String summary() {
    return switch (profile) {
      case FULL -> "the cost of runs beside a client without a server, in about six minutes";
      case QUICK -> "the same, less precise, in under two";
    };
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    progress("measuring the provider alone");
    new ProviderBaseline(environment.provider(), profile).measure(report);
    progress("starting the server");
    var server = environment.startServer(ControlledComparison.DEFAULTS);
    var comparison = new ControlledComparison(environment, server, profile.rounds);
    progress("warming up");
    new Throughput(comparison, profile).warmUp();
    progress("measuring throughput");
    new Throughput(comparison, profile).measure(report);
    progress("measuring latency");
    new Latency(comparison, profile).measure(report);
    new ToolTurns(comparison, profile).measure(report);
    progress("counting statements, commits and bytes");
    new DatabaseCost(comparison).measure(report);
    new StorageSize(environment).measure(report);
    progress("measuring long threads");
    new ThreadLength(comparison, profile).measure(report);
    progress("opening streams");
    new OpenStreams(comparison, profile).measure(report);
    server.close();
    progress("measuring throughput with indexing switched off");
    measureWithoutIndexing(environment, report);
  }

  /** What remains of a run's cost when its messages are not indexed for the memory. */
  private void measureWithoutIndexing(BenchEnvironment environment, Report report)
      throws Exception {
    var server = environment.startServer(ControlledComparison.WITHOUT_INDEXING);
    var throughput =
        new Throughput(new ControlledComparison(environment, server, profile.rounds), profile);
    throughput.warmUp();
    throughput.measureCost(report, ", indexing switched off");
  }

  static void progress(String what) {
    System.err.println("threadmill: " + what + "…");
  }
}
