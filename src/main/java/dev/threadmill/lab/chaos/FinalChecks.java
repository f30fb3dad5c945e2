package dev.threadmill.lab.chaos;

import dev.threadmill.lab.chaos.Violation.Effect;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The checks after the last script has ended: database, log of the mock model, and nodes. */
final class FinalChecks {
  private static final Duration LONGEST_QUIETING = Duration.ofSeconds(60);

  private final ChaosCluster cluster;
  private final ChaosReport tally;

  FinalChecks(ChaosCluster cluster, ChaosReport tally) {
    this.cluster = cluster;
    this.tally = tally;
  }

  void run(List<ClientScript.Outcome> outcomes)
      throws SQLException, IOException, InterruptedException {
    for (var node : cluster.nodes()) {
      cluster.awaitReady(node);
    }
    try (var database = cluster.connect()) {
      awaitQuiet(database);
      tally.statusCounts(ends(database));
      tally.add(InvariantChecks.noLeftovers(database));
      tally.add(lost(database));
      tally.add(twice(database));
      tally.add(expired(database));
      tally.add(modelCalls(outcomes, attempts(database)));
    }
    for (var outcome : outcomes) {
      tally.add(toolKeys(outcome));
      tally.add(asTold(outcome, cluster.nodes().get(outcome.number() % cluster.nodes().size())));
    }
  }

  private static void awaitQuiet(Connection database) throws SQLException, InterruptedException {
    long end = System.nanoTime() + LONGEST_QUIETING.toNanos();
    while (System.nanoTime() < end
        && !(lost(database).isEmpty() && InvariantChecks.noLeftovers(database).isEmpty())) {
      Thread.sleep(250);
    }
  }

  private static Map<String, Integer> ends(Connection database) throws SQLException {
    var ends = new HashMap<String, Integer>();
    try (var statement = database.createStatement();
        var rows = statement.executeQuery("SELECT status, count(*) FROM runs GROUP BY 1")) {
      while (rows.next()) {
        ends.put(rows.getString(1), rows.getInt(2));
      }
    }
    return ends;
  }

  /** I1, for all runs including those that no client has read. */
  private static List<Violation> lost(Connection database) throws SQLException {
    var found = new ArrayList<Violation>();
    try (var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT id, status FROM runs"
                    + " WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling')")) {
      while (rows.next()) {
        found.add(new Violation("I1", Effect.LOST, rows.getString(1) + " is " + rows.getString(2)));
      }
    }
    return found;
  }

  /** I1: every request with a key was carried out once. */
  private static List<Violation> twice(Connection database) throws SQLException {
    var found = new ArrayList<Violation>();
    try (var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT m.content -> 0 -> 'text' ->> 'value', count(*), count(DISTINCT m.thread_id)
                FROM messages m WHERE m.role = 'user' GROUP BY 1 HAVING count(*) > 1
                UNION ALL
                SELECT thread_id, count(*), 1 FROM runs GROUP BY 1 HAVING count(*) > 1
                """)) {
      while (rows.next()) {
        found.add(
            new Violation(
                "I1",
                Effect.DUPLICATED,
                "%s is there %d times".formatted(rows.getString(1), rows.getInt(2))));
      }
    }
    return found;
  }

  /** The clock shifts are too small to let a run expire. */
  private static List<Violation> expired(Connection database) throws SQLException {
    var found = new ArrayList<Violation>();
    try (var statement = database.createStatement();
        var rows = statement.executeQuery("SELECT id FROM runs WHERE status = 'expired'")) {
      while (rows.next()) {
        found.add(new Violation("I1", Effect.WRONG, rows.getString(1) + " expired too early"));
      }
    }
    return found;
  }

  private static Map<String, Integer> attempts(Connection database) throws SQLException {
    var attempts = new HashMap<String, Integer>();
    try (var statement = database.createStatement();
        var rows = statement.executeQuery("SELECT id, attempt FROM runs")) {
      while (rows.next()) {
        attempts.put(rows.getString(1), rows.getInt(2));
      }
    }
    return attempts;
  }

  /** I7: each additional attempt repeats at most one model call. */
  private List<Violation> modelCalls(
      List<ClientScript.Outcome> outcomes, Map<String, Integer> attempts) {
    var found = new ArrayList<Violation>();
    for (var outcome : outcomes) {
      int again =
          Math.max(0, attempts.getOrDefault(outcome.run(), 0) - outcome.scenario().attempts);
      int calls = cluster.model().calls(outcome.number());
      if (calls > outcome.scenario().modelCalls + again) {
        found.add(
            new Violation(
                "I7",
                Effect.DUPLICATED,
                "%s called the model %d times, in %d additional attempts"
                    .formatted(outcome.run(), calls, again)));
      }
    }
    return found;
  }

  /** I4: the tool call of a script has one key. */
  private List<Violation> toolKeys(ClientScript.Outcome outcome) {
    var keys = cluster.model().toolKeys(outcome.number());
    return keys.size() <= 1
        ? List.of()
        : List.of(new Violation("I4", Effect.DUPLICATED, outcome.run() + " has keys " + keys));
  }

  /** I2, I5: any node returns the status and the messages that the client has seen. */
  private List<Violation> asTold(ClientScript.Outcome outcome, NodeProcess node)
      throws IOException {
    var found = new ArrayList<Violation>();
    var caller = cluster.caller(node);
    var run = caller.get(outcome.path());
    if (run.status() != 200) {
      return List.of(new Violation("I1", Effect.LOST, outcome.run() + ": " + run.status()));
    }
    var status = run.json().path("status").asText();
    if (!status.equals(outcome.status())) {
      found.add(
          new Violation(
              "I2",
              Effect.WRONG,
              "%s was %s and is %s on node %s"
                  .formatted(outcome.run(), outcome.status(), status, node.name())));
    }
    var messages = new ArrayList<String>();
    caller
        .get("/v1/threads/" + outcome.thread() + "/messages?order=asc&limit=100")
        .json()
        .path("data")
        .forEach(message -> messages.add(message.path("id").asText()));
    found.addAll(InvariantChecks.isPrefix(outcome.messages(), messages));
    return found;
  }
}
