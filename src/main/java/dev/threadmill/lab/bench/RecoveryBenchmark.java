package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Kills a node with active streams. Their clients resume on another node and wait for the next
 * token there.
 */
record RecoveryBenchmark() implements Benchmark {
  private static final int STREAMS = 40;
  private static final String MODEL = "mock-i20-n1000";
  private static final List<String> LEASES = List.of("5s", "1s");
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public String name() {
    return "recovery";
  }

  @Override
  public String summary() {
    return "kills a node with active streams: the time until each continues on another node";
  }

  @Override
  public void measure(BenchEnvironment environment, Report report) throws Exception {
    for (var lease : LEASES) {
      RunsBenchmark.progress("starting two nodes with a lease of " + lease);
      var settings = Map.of("THREADMILL_LEASE", lease, "THREADMILL_MEMORY_WORKER", "false");
      try (var survivor = environment.startServer(settings)) {
        var victim = environment.startServer(settings);
        var assistant = ServerClient.makeAssistant(victim.api(), victim.key());
        warmUp(victim, assistant);
        warmUp(survivor, assistant);
        RunsBenchmark.progress("killing one of them with %d active streams".formatted(STREAMS));
        var waits = Distribution.of(killUnder(victim, survivor, assistant), Long::longValue);
        row(report, lease, "p50", waits.p50());
        row(report, lease, "p99", waits.p99());
      }
    }
  }

  private static void row(Report report, String lease, String quantile, long nanos) {
    report.row(
        "from a kill to the next token, lease %s, %s".formatted(lease, quantile),
        Report.Unit.MILLIS,
        nanos,
        null,
        Report.Relation.NOTHING);
  }

  private static void warmUp(ServerProcess node, String assistant) throws Exception {
    Load.closedLoop(
        STREAMS,
        BenchProfile.QUICK.warmUp,
        () -> new ServerClient(node.api(), node.key(), assistant),
        (ServerClient client, long since) -> client.run("mock-0", since));
  }

  /** Nanoseconds from the kill to the next token, for each stream. */
  private static List<Long> killUnder(
      ServerProcess victim, ServerProcess survivor, String assistant) throws Exception {
    var streaming = new CountDownLatch(STREAMS);
    long[] killed = new long[1];
    List<Future<Long>> readers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < STREAMS; i++) {
        readers.add(
            threads.submit(
                () -> {
                  var place = new Place();
                  try (var client = new ServerClient(victim.api(), victim.key(), assistant)) {
                    place.readUntilCut(client.events(MODEL), streaming);
                  }
                  try (var other = new ServerClient(survivor.api(), survivor.key(), assistant)) {
                    place.readNextToken(other.resume(place.thread, place.run, place.lastEventId));
                    return System.nanoTime() - killed[0];
                  }
                }));
      }
      streaming.await();
      killed[0] = System.nanoTime();
      victim.kill();
    }
    List<Long> waits = new ArrayList<>();
    for (var reader : readers) {
      waits.add(reader.get());
    }
    return waits;
  }

  /** The position of a reader in the stream of a run. */
  private static final class Place {
    private static final int TOKENS_BEFORE = 20;
    private String thread;
    private String run;
    private String lastEventId;
    private String event = "";
    private int tokens;
    private boolean inNewMessage;

    void readUntilCut(HttpConnection.Body events, CountDownLatch streaming) throws IOException {
      try {
        for (var line = events.nextLine(); line != null; line = events.nextLine()) {
          take(line);
          if (event.equals("thread.message.delta") && line.startsWith("data: ")) {
            if (++tokens == TOKENS_BEFORE) {
              streaming.countDown();
            }
          }
        }
      } catch (IOException e) {
        if (tokens < TOKENS_BEFORE) {
          throw e;
        }
      }
    }

    /** Events that the killed node has stored arrive first; then a new message begins. */
    void readNextToken(HttpConnection.Body events) throws IOException {
      for (var line = events.nextLine(); line != null; line = events.nextLine()) {
        take(line);
        inNewMessage |= event.equals("thread.message.created");
        if (inNewMessage && event.equals("thread.message.delta") && line.startsWith("data: ")) {
          return;
        }
      }
      throw new IOException("the stream ended without another token");
    }

    private void take(String line) throws IOException {
      if (line.startsWith("id: ")) {
        lastEventId = line.substring("id: ".length());
      } else if (line.startsWith("event: ")) {
        event = line.substring("event: ".length());
      } else if (run == null && event.equals("thread.run.created") && line.startsWith("data: ")) {
        var created = JSON.readTree(line.substring("data: ".length()));
        run = created.path("id").asText();
        thread = created.path("thread_id").asText();
      }
    }
  }
}
