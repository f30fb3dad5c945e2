package dev.threadmill.lab.bench;

import dev.threadmill.lab.provider.ProviderTimestamps;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * Many concurrent streams of runs: a thousand whose model sends ten tokens per second, and a
 * hundred whose model sends fifty. Events per second, the delivery time of a token from the
 * provider to the client, and the gap between two tokens as the client sees it.
 */
record StreamsBenchmark() implements Benchmark {
  private static final Pace MANY =
      new Pace("1,000 streams of 10 tokens/s", 1_000, "mock-t1000-i100-n150-stamped");
  private static final Pace FAST =
      new Pace("100 streams of 50 tokens/s", 100, "mock-t1000-i20-n500-stamped");
  private static final Duration SPREAD = Duration.ofSeconds(5);
  private static final String EVENT = "event: ";

  /**
   * A load of streams.
   *
   * @param name the start of the rows' names
   * @param model what the provider sends, and how fast
   */
  private record Pace(String name, int streams, String model) {}

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public String summary() {
    return "concurrent streams at a realistic pace: delivery time of a token, gap between tokens";
  }

  /** The measurements of one stream. Times are in nanoseconds. */
  private record Seen(
      long events, long bytes, List<Long> delays, List<Long> gaps, long begin, long end) {}

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    RunsBenchmark.progress("starting the server");
    var comparison =
        new ControlledComparison(
            environment, environment.startServer(ControlledComparison.DEFAULTS), 1);
    RunsBenchmark.progress("warming up");
    new Throughput(comparison, BenchProfile.FULL).warmUp();
    measure(comparison, report, FAST);
    measure(comparison, report, MANY);
    RunsBenchmark.progress("opening idle streams");
    new OpenStreams(comparison, BenchProfile.FULL).measure(report);
  }

  private static void measure(ControlledComparison comparison, Report report, Pace pace)
      throws Exception {
    RunsBenchmark.progress("reading " + pace.name);
    var seen = readAll(comparison, pace);
    long begin = seen.stream().mapToLong(Seen::begin).min().orElseThrow();
    long end = seen.stream().mapToLong(Seen::end).max().orElseThrow();
    long events = seen.stream().mapToLong(Seen::events).sum();
    long bytes = seen.stream().mapToLong(Seen::bytes).sum();
    var delays = all(seen, Seen::delays);
    var gaps = all(seen, Seen::gaps);
    var name = pace.name + ": ";
    only(report, name + "events", Report.Unit.PER_SECOND, events / ((end - begin) / 1e9));
    only(report, name + "delivery time of a token p50", Report.Unit.MILLIS, delays.p50());
    only(report, name + "delivery time of a token p99", Report.Unit.MILLIS, delays.p99());
    only(report, name + "gap between tokens p50", Report.Unit.MILLIS, gaps.p50());
    only(report, name + "gap between tokens p99", Report.Unit.MILLIS, gaps.p99());
    only(report, name + "bytes per event", Report.Unit.COUNT, (double) bytes / events);
  }

  private static Distribution all(List<Seen> seen, Function<Seen, List<Long>> times) {
    return Distribution.of(
        seen.stream().flatMap(each -> times.apply(each).stream()).toList(), Long::longValue);
  }

  private static void only(Report report, String name, Report.Unit unit, Number value) {
    report.row(name, unit, value, null, Report.Relation.NOTHING);
  }

  private static List<Seen> readAll(ControlledComparison comparison, Pace pace) throws Exception {
    List<Future<Seen>> readers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < pace.streams; i++) {
        long wait = i * SPREAD.toMillis() / pace.streams;
        readers.add(
            threads.submit(
                () -> {
                  Thread.sleep(wait);
                  try (var client = comparison.serverClient()) {
                    return read(client, pace.model);
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

  private static Seen read(ServerClient client, String model) throws IOException {
    long begin = System.nanoTime();
    var body = client.events(model);
    long events = 0;
    long bytes = 0;
    long lastDelta = 0;
    List<Long> delays = new ArrayList<>();
    List<Long> gaps = new ArrayList<>();
    for (var line = body.nextLine(); line != null; line = body.nextLine()) {
      bytes += line.length() + 1L;
      if (line.startsWith(EVENT)) {
        events++;
      }
      // A delta has one timestamp; the complete message after them repeats all of them.
      if (line.contains(ProviderTimestamps.WRITTEN) && line.contains("thread.message.delta")) {
        long now = System.nanoTime();
        delays.add(now - ProviderTimestamps.read(ProviderTimestamps.WRITTEN, line));
        if (lastDelta != 0) {
          gaps.add(now - lastDelta);
        }
        lastDelta = now;
      }
    }
    return new Seen(events, bytes, delays, gaps, begin, System.nanoTime());
  }
}
