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
 * Injects one fault after the other, in an order that the seed determines: each kind once, then
 * random ones. At least one node is always left alone.
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
   * The clocks of two nodes differ by at most twice this. A run expires ten minutes after its
   * creation by the clock of the checking node, so four minutes remain, which is longer than any
   * client waits.
   */
  private static final Duration LARGEST_STEP = Duration.ofMinutes(3);

  private final ChaosCluster cluster;
  private final ClientPool clients;
  private final ChaosReport tally;
  private final RandomGenerator random;
  private final RetryingClient caller;
  private final Deque<Fault> notInjectedYet;

  Nemesis(ChaosCluster cluster, ClientPool clients, ChaosReport tally, RandomGenerator random) {
    this.cluster = cluster;
    this.clients = clients;
    this.tally = tally;
    this.random = random;
    var all = new ArrayList<>(List.of(Fault.values()));
    Collections.shuffle(all, random);
    this.notInjectedYet = new ArrayDeque<>(all);
    // A separate source of randomness, so that the number of requests does not influence the order
    // of faults.
    this.caller = cluster.caller(RandomGenerator.getDefault());
  }

  private enum Fault {
    KILL("kill -9 of a node", 8),
    FREEZE("SIGSTOP for two leases, then SIGCONT", 3),
    STOP("SIGTERM of a node (an upgrade)", 2),
    CRASH_POSTGRES("kill -9 of Postgres", 2),
    CUT_SESSIONS("pg_terminate_backend of all sessions", 3),
    SLOW_COMMITS("slow commits for five seconds", 2),
    STEP_CLOCK("shift of a node's clock", 3),
    CANCELS("a thousand cancels that race completion", 1);

    final String description;
    final int weight;

    Fault(String description, int weight) {
      this.description = description;
      this.weight = weight;
    }
  }

  /** Waits for a random time, then injects the next fault. */
  void injectFault() throws IOException, InterruptedException, SQLException {
    Thread.sleep(random.nextLong(SHORTEST_PEACE_MS, LONGEST_PEACE_MS));
    var fault = nextFault();
    long began = System.nanoTime();
    switch (fault) {
      case KILL -> kill();
      case FREEZE -> freeze();
      case STOP -> stop();
      case CRASH_POSTGRES -> cluster.postgres().crashAndRestart();
      case CUT_SESSIONS -> cutSessions();
      case SLOW_COMMITS -> slowCommits();
      case STEP_CLOCK -> stepClock();
      case CANCELS -> cancel();
    }
    tally.faultInjected(fault.description, began);
  }

  private Fault nextFault() {
    return notInjectedYet.isEmpty() ? randomFault() : notInjectedYet.poll();
  }

  private Fault randomFault() {
    int all = 0;
    for (var fault : Fault.values()) {
      all += fault.weight;
    }
    int at = random.nextInt(all);
    for (var fault : Fault.values()) {
      at -= fault.weight;
      if (at < 0) {
        return fault;
      }
    }
    throw new IllegalStateException();
  }

  /** A random node, chosen when at least one other node is ready. */
  private NodeProcess victim() throws IOException, InterruptedException {
    var victim = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
    cluster.awaitReady(victim);
    for (var other : cluster.nodes()) {
      if (other != victim) {
        cluster.awaitReady(other);
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

  /** The runs that a node owns, with their attempts. */
  private Map<String, Integer> runsOf(NodeProcess node) throws IOException, SQLException {
    var runs = new HashMap<String, Integer>();
    try (var connection = cluster.connect();
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
    try (var connection = cluster.connect()) {
      TerminateSessions.allExcept(connection);
    }
  }

  private void slowCommits() throws SQLException, InterruptedException {
    try (var database = cluster.connect()) {
      SlowCommits.set(database, SLOW_COMMIT_SECONDS);
      Thread.sleep(SLOW_COMMITS_MS);
      SlowCommits.set(database, 0);
    }
  }

  /** Shifts a clock forward or back, permanently. */
  private void stepClock() throws IOException {
    var node = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
    long most = LARGEST_STEP.toMillis();
    node.setClock(Duration.ofMillis(random.nextLong(-most, most)));
  }

  /** Creates runs without readers and cancels each at about the time when it ends. */
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
