package dev.threadmill.lab.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Very many who watch a hundred runs of which nothing comes, for each waits for its client: what
 * they cost in memory and in processor time. Then one of the runs goes on, and all who watch it are
 * to see that.
 */
record ViewersBenchmark(int viewers) implements Benchmark {
  static final int USUAL = 10_000;
  private static final int RUNS = 100;
  private static final int WARMING = 16;
  private static final int FILES_FOR_THE_REST = 1_000;
  private static final String MODEL = "mock-turns1-i50-n40-stamped";

  /** More than a round of keep-alive comments, of which the first is left out. */
  private static final Duration SETTLING = Duration.ofSeconds(20);

  /** Two rounds of keep-alive comments. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "viewers";
  }

  @Override
  public String summary() {
    return "ten thousand viewers, or as many as you say, of runs of which nothing comes";
  }

  @Override
  public Benchmark with(List<String> words) {
    if (words.isEmpty()) {
      return this;
    }
    int wanted = Integer.parseInt(words.getFirst());
    if (words.size() > 1 || wanted < RUNS) {
      throw new IllegalArgumentException(String.join(" ", words));
    }
    return new ViewersBenchmark(wanted);
  }

  @Override
  public void measure(BenchEnvironment stage, Report report) throws Exception {
    int count = Math.min(viewers, mostConnections());
    if (count < viewers) {
      RunsBenchmark.progress(
          "a process may open so few files here that it is %,d".formatted(count));
    }
    RunsBenchmark.progress("starting the server");
    var server = stage.startServer(ControlledComparison.WITHOUT_INDEXING);
    var assistant = ServerClient.makeAssistant(server.api(), server.key());
    RunsBenchmark.progress("warming up");
    Load.closedLoop(
        WARMING,
        BenchProfile.QUICK.warmUp,
        () -> new ServerClient(server.api(), server.key(), assistant),
        (ServerClient client, long since) -> client.run("mock-0", since));
    try (var client = new ServerClient(server.api(), server.key(), assistant);
        var watching = new StreamViewers(server.api(), server.key())) {
      List<String> runs = new ArrayList<>();
      for (int i = 0; i < RUNS; i++) {
        runs.add(client.beginWithTool(MODEL));
      }
      RunsBenchmark.progress("measuring the server without viewers");
      var bare = Quiet.of(server, watching);
      long heap = server.liveHeap();
      long resident = server.residentBytes();
      RunsBenchmark.progress("opening %,d viewers".formatted(count));
      watching.open(count, runs);
      row(
          report,
          "live heap a viewer (of %,d)".formatted(count),
          Report.Unit.KILOBYTES,
          (double) (server.liveHeap() - heap) / count);
      row(
          report,
          "resident memory a viewer",
          Report.Unit.KILOBYTES,
          (double) (server.residentBytes() - resident) / count);
      RunsBenchmark.progress("measuring the server while all is quiet");
      var quiet = Quiet.of(server, watching);
      row(report, "of a processor, without viewers", Report.Unit.PERCENT, bare.processor());
      row(report, "of a processor, with them all quiet", Report.Unit.PERCENT, quiet.processor());
      row(report, "keep-alive comments a second", Report.Unit.PER_SECOND, quiet.comments());
      row(
          report,
          "processor time a comment",
          Report.Unit.MILLIS,
          1e9 * Math.max(0, quiet.processor() - bare.processor()) / quiet.comments());
      RunsBenchmark.progress("having one run go on");
      var ways = watching.deliveryTimes(runs.getFirst(), () -> client.answerTool(runs.getFirst()));
      var name = "a token's way to each of %,d viewers, ".formatted(count / RUNS);
      row(report, name + "p50", Report.Unit.MILLIS, ways.p50());
      row(report, name + "p99", Report.Unit.MILLIS, ways.p99());
    }
  }

  private static void row(Report report, String name, Report.Unit unit, double value) {
    report.row(name, unit, value, null, Report.Relation.NOTHING);
  }

  /**
   * What happens while nothing happens.
   *
   * @param processor the share of one processor that the server takes
   * @param comments how many signs of life come, a second
   */
  private record Quiet(double processor, double comments) {
    /** Over a while, once what came before has settled. */
    static Quiet of(ServerProcess server, StreamViewers viewers) throws InterruptedException {
      Thread.sleep(SETTLING);
      var before = server.processorTime();
      long commentsBefore = viewers.comments();
      Thread.sleep(IDLE);
      double seconds = IDLE.toNanos() / 1e9;
      return new Quiet(
          server.processorTime().minus(before).toNanos() / 1e9 / seconds,
          (viewers.comments() - commentsBefore) / seconds);
    }
  }

  /** The server and the clients are processes of their own; each has a file for each connection. */
  private static int mostConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? (int) Math.min(Integer.MAX_VALUE, unix.getMaxFileDescriptorCount() - FILES_FOR_THE_REST)
        : Integer.MAX_VALUE;
  }
}
