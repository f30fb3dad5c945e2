package dev.threadmill.bench;

/** What runs cost: throughput, overhead, memory, work for the database, long threads. */
record RunsBenchmark(Pace pace) implements Benchmark {
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
  public void measure(Stage stage, Report report) throws Exception {
    tell("measuring the provider alone");
    new ProviderAlone(stage.provider(), pace).measure(report);
    tell("starting the server");
    var server = stage.startServer(Sides.WITHOUT_INDEXING);
    var sides = new Sides(stage, server, pace.rounds);
    tell("warming up");
    new Throughput(sides, pace).warmUp();
    tell("measuring throughput");
    new Throughput(sides, pace).measure(report);
    tell("measuring latency");
    new Latency(sides, pace).measure(report);
    new ToolTurns(sides, pace).measure(report);
    tell("counting statements, commits and bytes");
    new DatabaseWork(sides).measure(report);
    new StoredBytes(stage).measure(report);
    tell("measuring long threads");
    new ThreadLength(sides, pace).measure(report);
    tell("opening streams");
    new OpenStreams(sides, pace).measure(report);
  }

  static void tell(String what) {
    System.err.println("threadmill: " + what + "…");
  }
}
