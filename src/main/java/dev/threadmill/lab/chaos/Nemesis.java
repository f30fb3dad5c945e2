package dev.threadmill.lab.chaos;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;

/**
 * Does one evil deed after the other, in an order that its seed decides: each once, then any. One
 * node is spared.
 */
final class Nemesis {
  private static final long SHORTEST_PEACE_MS = 1_500;
  private static final long LONGEST_PEACE_MS = 6_000;
  private static final long LONGEST_DEATH_MS = 4_000;
  private static final int CANCELS = 1_000;
  private static final int CANCELLING_AT_ONCE = 40;
  private static final double SLOW_COMMIT_SECONDS = 0.3;
  private static final long SLOW_COMMITS_MS = 5_000;

  /**
   * Two nodes may be twice as far apart. A run expires ten minutes after its creation, by the clock
   * of whoever looks, so that leaves it four: more than a client waits for its end.
   */
  private static final Duration LARGEST_STEP = Duration.ofMinutes(3);

  private final ChaosCluster world;
  private final ClientPool clients;
  private final ChaosReport tally;
  private final RandomGenerator random;
  private final RetryingClient caller;
  private final Deque<Fault> notDoneYet;

  Nemesis(ChaosCluster world, ClientPool clients, ChaosReport tally, RandomGenerator random) {
    this.world = world;
    this.clients = clients;
    this.tally = tally;
    this.random = random;
    var all = new ArrayList<>(List.of(Fault.values()));
    Collections.shuffle(all, random);
    this.notDoneYet = new ArrayDeque<>(all);
    // Not of the same source, so that how often it asks does not change what is done next.
    this.caller = world.caller(RandomGenerator.getDefault());
  }

  private enum Fault {
    KILL("kill -9 of a node", 8),
    FREEZE("SIGSTOP for two leases, then SIGCONT", 3),
    STOP("SIGTERM of a node (an upgrade)", 2),
    CRASH_POSTGRES("kill -9 of Postgres", 2),
    CUT_SESSIONS("pg_terminate_backend of all sessions", 3),
    SLOW_COMMITS("slow commits for five seconds", 2),
    STEP_CLOCK("a step of a node's clock", 3),
    CANCELS("a thousand cancels racing completion", 1);

    final String words;
    final int weight;

    Fault(String words, int weight) {
      this.words = words;
      this.weight = weight;
    }
  }

  /** Leaves the nodes in peace for a while, then does something. */
  void injectFault() throws IOException, InterruptedException, SQLException {
    Thread.sleep(random.nextLong(SHORTEST_PEACE_MS, LONGEST_PEACE_MS));
    var deed = nextDeed();
    long began = System.nanoTime();
    switch (deed) {
      case KILL -> kill();
      case FREEZE -> freeze();
      case STOP -> stop();
      case CRASH_POSTGRES -> world.postgres().crashAndRestart();
      case CUT_SESSIONS -> cutSessions();
      case SLOW_COMMITS -> slowCommits();
      case STEP_CLOCK -> stepClock();
      case CANCELS -> cancel();
    }
    tally.faultInjected(deed.words, began);
  }

  private Fault nextDeed() {
    return notDoneYet.isEmpty() ? anyDeed() : notDoneYet.poll();
  }

  private Fault anyDeed() {
    int all = 0;
    for (var deed : Fault.values()) {
      all += deed.weight;
    }
    int at = random.nextInt(all);
    for (var deed : Fault.values()) {
      at -= deed.weight;
      if (at < 0) {
        return deed;
      }
    }
    throw new IllegalStateException();
  }

  /** Any node, when another one takes work. */
  private NodeProcess victim() throws IOException, InterruptedException {
    var victim = world.nodes().get(random.nextInt(world.nodes().size()));
    world.awaitReady(victim);
    for (var other : world.nodes()) {
      if (other != victim) {
        world.awaitReady(other);
        return victim;
      }
    }
    throw new IllegalStateException("chaos needs more than one node");
  }

  private void kill() throws IOException, InterruptedException, SQLException {
    var victim = victim();
    var runs = runsOf(victim);
    victim.kill();
    long now = System.nanoTime();
    var killed = new HashMap<String, RecoveryTimes.InterruptedRun>();
    runs.forEach(
        (run, attempt) ->
            killed.put(run, new RecoveryTimes.InterruptedRun(victim.name(), attempt, now)));
    tally.recoveryTimes().nodeKilled(killed);
    Thread.sleep(random.nextLong(LONGEST_DEATH_MS));
    victim.start();
  }

  /** What a node executes, and how often that has been taken up. */
  private Map<String, Integer> runsOf(NodeProcess node) throws IOException, SQLException {
    var runs = new HashMap<String, Integer>();
    try (var connection = world.connect();
        var query = connection.prepareStatement("SELECT id, attempt FROM runs WHERE owner = ?")) {
      query.setString(1, node.owner().orElse(""));
      try (var rows = query.executeQuery()) {
        while (rows.next()) {
          runs.put(rows.getString(1), rows.getInt(2));
        }
      }
    }
    return runs;
  }

  private void freeze() throws IOException, InterruptedException {
    var victim = victim();
    victim.freeze();
    Thread.sleep(ChaosCluster.LEASE.multipliedBy(2));
    victim.thaw();
  }

  private void stop() throws IOException, InterruptedException {
    var victim = victim();
    victim.stop();
    victim.start();
  }

  private void cutSessions() throws SQLException {
    try (var connection = world.connect()) {
      TerminateSessions.allExcept(connection);
    }
  }

  private void slowCommits() throws SQLException, InterruptedException {
    try (var database = world.connect()) {
      SlowCommits.set(database, SLOW_COMMIT_SECONDS);
      Thread.sleep(SLOW_COMMITS_MS);
      SlowCommits.set(database, 0);
    }
  }

  /** Ahead or back, and there it stays. */
  private void stepClock() throws IOException {
    var node = world.nodes().get(random.nextInt(world.nodes().size()));
    long most = LARGEST_STEP.toMillis();
    node.setClock(Duration.ofMillis(random.nextLong(-most, most)));
  }

  /** Runs that nobody reads, each cancelled about when it ends. */
  private void cancel() throws InterruptedException {
    try (var threads = Executors.newFixedThreadPool(CANCELLING_AT_ONCE)) {
      for (int i = 0; i < CANCELS; i++) {
        threads.execute(this::cancelOne);
      }
    }
  }

  private void cancelOne() {
    int number = clients.nextNumber();
    var question = Map.of("role", "user", "content", MockModel.question(number, Scenario.TEXT, 2));
    var body =
        Map.of(
            "assistant_id", clients.assistant(), "thread", Map.of("messages", List.of(question)));
    try {
      var run = caller.post("/v1/threads/runs", body, "cancelled-" + number).json();
      tally.runCreated();
      var path =
          "/v1/threads/%s/runs/%s"
              .formatted(run.path("thread_id").asText(), run.path("id").asText());
      caller.post(path + "/cancel", null, "cancel-" + number);
    } catch (RetryingClient.RetriesExhausted e) {
      tally.add(List.of(new Violation("I1", Violation.Effect.LOST, e.getMessage())));
    }
  }
}
