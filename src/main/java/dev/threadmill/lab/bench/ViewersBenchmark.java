package dev.threadmill.lab.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Many viewers of a hundred idle runs, each of which waits for its client: their memory and
 * processor time. Then one of the runs continues, and the delivery time to its viewers is measured.
 */
record ViewersBenchmark(int viewers) implements Benchmark {
  static final int USUAL = 10_000;
  private static final int RUNS = 100;
  private static final int WARMING = 16;
  private static final int FILES_FOR_THE_REST = 1_000;
  private static final String MODEL = "mock-turns1-i50-n40-stamped";

  /** More than one interval of keep-alive comments; the first is not measured. */
  private static final Duration SETTLING = Duration.ofSeconds(20);

  /** Two intervals of keep-alive comments. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "viewers";
  }

  @Override
  public String summary() {
    return "ten thousand viewers of idle runs, or the given number";
  }

  @Override
  public Benchmark with(List<String> arguments) {
    if (arguments.isEmpty()) {
      return this;
    }
    int wanted = Integer.parseInt(arguments.getFirst());
    if (arguments.size() > 1 || wanted < RUNS) {
      throw new IllegalArgumentException(String.join(" ", arguments));
    }
    return new ViewersBenchmark(wanted);
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    int count = Math.min(viewers, mostConnections());
    if (count < viewers) {
      RunsBenchmark.progress(
          "the limit of open files reduces the number of viewers to %,d".formatted(count));
    }
    RunsBenchmark.progress("starting the server");
    var server = environment.startServer(ControlledComparison.DEFAULTS);
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
          "live heap per viewer (of %,d)".formatted(count),
          Report.Unit.KILOBYTES,
          (double) (server.liveHeap() - heap) / count);
      row(
          report,
          "resident memory per viewer",
          Report.Unit.KILOBYTES,
          (double) (server.residentBytes() - resident) / count);
      RunsBenchmark.progress("measuring the server while all runs are idle");
      var quiet = Quiet.of(server, watching);
      row(report, "share of a processor, without viewers", Report.Unit.PERCENT, bare.processor());
      row(
          report,
          "share of a processor, with idle viewers",
          Report.Unit.PERCENT,
          quiet.processor());
      row(report, "keep-alive comments per second", Report.Unit.PER_SECOND, quiet.comments());
      row(
          report,
          "processor time per comment",
          Report.Unit.MILLIS,
          1e9 * Math.max(0, quiet.processor() - bare.processor()) / quiet.comments());
      RunsBenchmark.progress("letting one run continue");
      var deliveries =
          watching.deliveryTimes(runs.getFirst(), () -> client.answerTool(runs.getFirst()));
      var name = "delivery time of a token to %,d viewers, ".formatted(count / RUNS);
      row(report, name + "p50", Report.Unit.MILLIS, deliveries.p50());
      row(report, name + "p99", Report.Unit.MILLIS, deliveries.p99());
    }
  }

  private static void row(Report report, String name, Report.Unit unit, double value) {
    report.row(name, unit, value, null, Report.Relation.NOTHING);
  }

  /**
   * The load of an idle server.
   *
   * @param processor the share of one processor that the server uses
   * @param comments keep-alive comments per second
   */
  private record Quiet(double processor, double comments) {
    /** Measures for a while, after earlier work has settled. */
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

  /** Server and clients are separate processes; each has a file descriptor per connection. */
  private static int mostConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? (int) Math.min(Integer.MAX_VALUE, unix.getMaxFileDescriptorCount() - FILES_FOR_THE_REST)
        : Integer.MAX_VALUE;
  }
}
