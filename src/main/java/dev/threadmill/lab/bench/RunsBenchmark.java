package dev.threadmill.lab.bench;

/** What runs cost: throughput, overhead, memory, work for the database, long threads. */
record RunsBenchmark(BenchProfile pace) implements Benchmark {
  @Override
  public String name() {
    return pace.bench;
  }

  @Override
  public String summary() {
    return switch (pace) {
      case FULL -> "what runs cost beside a client that needs no server, in some six minutes";
      case QUICK -> "the same, rougher, in under two";
    };
  }

  @Override
  public void measure(BenchEnvironment stage, Report report) throws Exception {
    progress("measuring the provider alone");
    new ProviderBaseline(stage.provider(), pace).measure(report);
    progress("starting the server");
    var server = stage.startServer(ControlledComparison.WITHOUT_INDEXING);
    var sides = new ControlledComparison(stage, server, pace.rounds);
    progress("warming up");
    new Throughput(sides, pace).warmUp();
    progress("measuring throughput");
    new Throughput(sides, pace).measure(report);
    progress("measuring latency");
    new Latency(sides, pace).measure(report);
    new ToolTurns(sides, pace).measure(report);
    progress("counting statements, commits and bytes");
    new DatabaseCost(sides).measure(report);
    new StorageSize(stage).measure(report);
    progress("measuring long threads");
    new ThreadLength(sides, pace).measure(report);
    progress("opening streams");
    new OpenStreams(sides, pace).measure(report);
  }

  static void progress(String what) {
    System.err.println("threadmill: " + what + "…");
  }
}
