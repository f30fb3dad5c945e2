package dev.threadmill.lab.chaos;

import dev.threadmill.lab.chaos.Violation.Effect;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** Runs a fixed number of client scripts concurrently until {@link #finish}. */
final class ClientPool {
  private static final int AT_ONCE = 24;
  private static final long LONGEST_END_SECONDS = 300;

  private final ChaosCluster cluster;
  private final long seed;
  private final ChaosReport tally;
  private final String assistant;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Queue<ClientScript.Outcome> outcomes = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closing;

  ClientPool(ChaosCluster cluster, long seed, ChaosReport tally) {
    this.cluster = cluster;
    this.seed = seed;
    this.tally = tally;
    this.assistant = assistant(cluster);
  }

  private static String assistant(ChaosCluster cluster) {
    var parameters = Map.of("type", "object");
    var ask =
        Map.of(
            "type",
            "function",
            "function",
            Map.of("name", MockModel.CLIENT_TOOL, "parameters", parameters));
    var note =
        Map.of(
            "type",
            "webhook",
            "webhook",
            Map.of(
                "name",
                MockModel.WEBHOOK_TOOL,
                "endpoint",
                cluster.model().webhook(),
                "parameters",
                parameters));
    var made =
        cluster
            .caller(RandomGenerator.getDefault())
            .post("/v1/assistants", Map.of("model", "chaos", "tools", List.of(ask, note)), "a");
    if (made.status() != 200) {
      throw new IllegalStateException("no assistant: " + made);
    }
    return made.id();
  }

  String assistant() {
    return assistant;
  }

  /** A number that no other script has. */
  int nextNumber() {
    return numbers.incrementAndGet();
  }

  void start() {
    for (int i = 0; i < AT_ONCE; i++) {
      threads.execute(this::runScripts);
    }
  }

  private void runScripts() {
    while (!closing) {
      int number = nextNumber();
      try {
        outcomes.add(new ClientScript(number, seed, cluster, assistant, tally).execute());
      } catch (RetryingClient.RetriesExhausted e) {
        tally.add(List.of(new Violation("I1", Effect.LOST, "script " + number + ": " + e)));
      } catch (RuntimeException e) {
        tally.add(List.of(new Violation("I1", Effect.WRONG, "script " + number + ": " + e)));
      }
    }
  }

  /** Starts no further scripts, waits for the active ones, and returns the outcomes of all. */
  List<ClientScript.Outcome> finish() throws InterruptedException {
    closing = true;
    threads.shutdown();
    if (!threads.awaitTermination(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
      tally.add(List.of(new Violation("I1", Effect.LOST, "clients still waiting for their runs")));
      threads.shutdownNow();
    }
    return List.copyOf(outcomes);
  }
}
