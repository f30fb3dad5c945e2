package dev.threadmill.lab.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A thousand concurrent streams of runs whose model sends ten tokens per second: events per second,
 * and the delivery time of a token from the provider to the client.
 */
record StreamsBenchmark() implements Benchmark {
  private static final int STREAMS = 1_000;
  private static final String MODEL = "mock-t1000-i100-n150-stamped";
  private static final Duration SPREAD = Duration.ofSeconds(5);
  private static final String EVENT = "event: ";

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public String summary() {
    return "a thousand concurrent streams: events per second, and delivery time of a token";
  }

  /** The measurements of one stream. */
  private record Seen(long events, long bytes, List<Long> delays, long begin, long end) {}

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    RunsBenchmark.progress("starting the server");
    var comparison =
        new ControlledComparison(
            environment, environment.startServer(ControlledComparison.WITHOUT_INDEXING), 1);
    RunsBenchmark.progress("warming up");
    new Throughput(comparison, BenchProfile.FULL).warmUp();
    RunsBenchmark.progress("reading %,d streams".formatted(STREAMS));
    var seen = readAll(comparison);
    long begin = seen.stream().mapToLong(Seen::begin).min().orElseThrow();
    long end = seen.stream().mapToLong(Seen::end).max().orElseThrow();
    long events = seen.stream().mapToLong(Seen::events).sum();
    long bytes = seen.stream().mapToLong(Seen::bytes).sum();
    var delays =
        Distribution.of(
            seen.stream().flatMap(each -> each.delays().stream()).toList(), Long::longValue);
    only(
        report,
        "events, %,d streams".formatted(STREAMS),
        Report.Unit.PER_SECOND,
        events / ((end - begin) / 1e9));
    only(report, "delivery time of a token p50", Report.Unit.MILLIS, delays.p50());
    only(report, "delivery time of a token p99", Report.Unit.MILLIS, delays.p99());
    only(report, "bytes per event", Report.Unit.COUNT, (double) bytes / events);
    only(report, "events of all streams", Report.Unit.COUNT, events);
    RunsBenchmark.progress("opening idle streams");
    new OpenStreams(comparison, BenchProfile.FULL).measure(report);
  }

  private static void only(Report report, String name, Report.Unit unit, Number value) {
    report.row(name, unit, value, null, Report.Relation.NOTHING);
  }

  private static List<Seen> readAll(ControlledComparison comparison) throws Exception {
    List<Future<Seen>> readers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < STREAMS; i++) {
        long wait = i * SPREAD.toMillis() / STREAMS;
        readers.add(
            threads.submit(
                () -> {
                  Thread.sleep(wait);
                  try (var client = comparison.serverClient()) {
                    return read(client);
                  }
                }));
      }
    }
    List<Seen> seen = new ArrayList<>();
    for (var reader : readers) {
      seen.add(reader.get());
    }
    return seen;
  }

  private static Seen read(ServerClient client) throws IOException {
    long begin = System.nanoTime();
    var body = client.events(MODEL);
    long events = 0;
    long bytes = 0;
    List<Long> delays = new ArrayList<>();
    for (var line = body.nextLine(); line != null; line = body.nextLine()) {
      bytes += line.length() + 1L;
      if (line.startsWith(EVENT)) {
        events++;
      }
      // A delta has one timestamp; the complete message after them repeats all of them.
      if (line.contains(ProviderTimestamps.WRITTEN) && line.contains("thread.message.delta")) {
        delays.add(System.nanoTime() - ProviderTimestamps.read(ProviderTimestamps.WRITTEN, line));
      }
    }
    return new Seen(events, bytes, delays, begin, System.nanoTime());
  }
}
