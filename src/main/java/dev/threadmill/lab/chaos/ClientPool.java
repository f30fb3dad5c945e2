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

/** Keeps a number of stories under way until it is closed; then it waits for their ends. */
final class ClientPool {
  private static final int AT_ONCE = 24;
  private static final long LONGEST_END_SECONDS = 300;

  private final ChaosCluster world;
  private final long seed;
  private final ChaosReport tally;
  private final String assistant;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Queue<ClientScript.Outcome> told = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closing;

  ClientPool(ChaosCluster world, long seed, ChaosReport tally) {
    this.world = world;
    this.seed = seed;
    this.tally = tally;
    this.assistant = assistant(world);
  }

  private static String assistant(ChaosCluster world) {
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
                world.model().webhook(),
                "parameters",
                parameters));
    var made =
        world
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

  /** A number that no other story has. */
  int nextNumber() {
    return numbers.incrementAndGet();
  }

  void start() {
    for (int i = 0; i < AT_ONCE; i++) {
      threads.execute(this::tellStories);
    }
  }

  private void tellStories() {
    while (!closing) {
      int number = nextNumber();
      try {
        told.add(new ClientScript(number, seed, world, assistant, tally).execute());
      } catch (RetryingClient.RetriesExhausted e) {
        tally.add(List.of(new Violation("I1", Effect.LOST, "story " + number + ": " + e)));
      } catch (RuntimeException e) {
        tally.add(List.of(new Violation("I1", Effect.WRONG, "story " + number + ": " + e)));
      }
    }
  }

  /** Begins no more, waits for the ends, and hands over what became of all. */
  List<ClientScript.Outcome> finish() throws InterruptedException {
    closing = true;
    threads.shutdown();
    if (!threads.awaitTermination(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
      tally.add(List.of(new Violation("I1", Effect.LOST, "clients that wait for ever")));
      threads.shutdownNow();
    }
    return List.copyOf(told);
  }
}
