package dev.threadmill.lab.bench;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Creates the ahead-of-time cache of the JVM (JEP 514, JEP 515) for a built server: starts one,
 * executes runs, indexes a file, searches it, and stops it; on exit its JVM writes loaded and
 * linked classes and compilation profiles. A server with the cache is ready in a third of the time
 * and warms up sooner.
 */
public final class TrainAotCache {
  private static final int CLIENTS = 4;
  private static final Duration TIME = Duration.ofSeconds(4);
  private static final int LONG_THREAD = 1_000;
  private static final int RUNS_ON_IT = 50;
  private static final int CHUNKS = 250;
  private static final int SEARCHES = 300;
  private static final Duration LONGEST_INDEXING = Duration.ofMinutes(2);
  private static final Duration LONGEST_WRITING = Duration.ofMinutes(3);

  private TrainAotCache() {}

  /** Takes the file to write. */
  public static void main(String... args) {
    try (var environment =
        new BenchEnvironment(Path.of(System.getProperty("threadmill.launcher")))) {
      var server =
          environment.startServer(Map.of("JAVA_OPTS", "-XX:AOTCacheOutput=" + Path.of(args[0])));
      var comparison = new ControlledComparison(environment, server, 1);
      Load.closedLoop(
          CLIENTS, TIME, comparison::serverClient, (client, since) -> client.run("mock-0", since));
      Load.closedLoop(
          1,
          TIME,
          comparison::serverClient,
          (client, since) -> client.runWithTool("mock-0-turns2", since));
      try (var client = comparison.serverClient()) {
        var thread = client.makeThread(LONG_THREAD);
        for (int i = 0; i < RUNS_ON_IT; i++) {
          client.runOn(thread, "mock-0", System.nanoTime());
        }
      }
      search(server);
      server.stop(LONGEST_WRITING);
    } catch (Exception e) {
      System.err.println("threadmill: " + e);
      System.exit(1);
    }
    System.exit(0);
  }

  /** Searches a store that is large enough for the heap. */
  private static void search(ServerProcess server) throws Exception {
    try (var client = new FileSearchClient(server.api(), server.key())) {
      var text = SearchScaleBenchmark.text(0, CHUNKS).getBytes(StandardCharsets.UTF_8);
      var store =
          client.createStore(
              List.of(client.upload("part.txt", text)), SearchScaleBenchmark.CHUNK_TOKENS);
      client.awaitIndexed(store, LONGEST_INDEXING);
      for (int n = 0; n < SEARCHES; n++) {
        client.timeSearch(store, SearchScaleBenchmark.query(n));
      }
    }
  }
}
