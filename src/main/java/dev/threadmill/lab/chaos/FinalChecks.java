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

/** What is looked at when all is quiet again: the database, the model's log, and the nodes. */
final class FinalChecks {
  private static final Duration LONGEST_QUIETING = Duration.ofSeconds(60);

  private final ChaosCluster world;
  private final ChaosReport tally;

  FinalChecks(ChaosCluster world, ChaosReport tally) {
    this.world = world;
    this.tally = tally;
  }

  void run(List<ClientScript.Outcome> stories)
      throws SQLException, IOException, InterruptedException {
    for (var node : world.nodes()) {
      world.awaitReady(node);
    }
    try (var database = world.connect()) {
      awaitQuiet(database);
      tally.statusCounts(ends(database));
      tally.add(InvariantChecks.noLeftovers(database));
      tally.add(lost(database));
      tally.add(twice(database));
      tally.add(expired(database));
      tally.add(modelCalls(stories, attempts(database)));
    }
    for (var story : stories) {
      tally.add(toolKeys(story));
      tally.add(asTold(story, world.nodes().get(story.number() % world.nodes().size())));
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

  /** I1, for all runs there are: those that nobody read as well. */
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

  /** What was asked for once, under one key, is there once. */
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

  /** However wrong the clocks were, they were not so by the life of a run. */
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

  /** I7: each time that a run is taken up beyond what is usual repeats at most one call. */
  private List<Violation> modelCalls(
      List<ClientScript.Outcome> stories, Map<String, Integer> attempts) {
    var found = new ArrayList<Violation>();
    for (var story : stories) {
      int again = Math.max(0, attempts.getOrDefault(story.run(), 0) - story.plot().attempts);
      int calls = world.model().calls(story.number());
      if (calls > story.plot().modelCalls + again) {
        found.add(
            new Violation(
                "I7",
                Effect.DUPLICATED,
                "%s called the model %d times, taken up again %d times"
                    .formatted(story.run(), calls, again)));
      }
    }
    return found;
  }

  /** I4: the one call of the tool has one key. */
  private List<Violation> toolKeys(ClientScript.Outcome story) {
    var keys = world.model().toolKeys(story.number());
    return keys.size() <= 1
        ? List.of()
        : List.of(new Violation("I4", Effect.DUPLICATED, story.run() + " has keys " + keys));
  }

  /** I2, I5: another look, at one node or the other, finds the same end and messages. */
  private List<Violation> asTold(ClientScript.Outcome story, NodeProcess node) throws IOException {
    var found = new ArrayList<Violation>();
    var caller = world.caller(node);
    var run = caller.get(story.path());
    if (run.status() != 200) {
      return List.of(new Violation("I1", Effect.LOST, story.run() + ": " + run.status()));
    }
    var status = run.json().path("status").asText();
    if (!status.equals(story.status())) {
      found.add(
          new Violation(
              "I2",
              Effect.WRONG,
              "%s was %s and is %s on node %s"
                  .formatted(story.run(), story.status(), status, node.name())));
    }
    var messages = new ArrayList<String>();
    caller
        .get("/v1/threads/" + story.thread() + "/messages?order=asc&limit=100")
        .json()
        .path("data")
        .forEach(message -> messages.add(message.path("id").asText()));
    found.addAll(InvariantChecks.isPrefix(story.messages(), messages));
    return found;
  }
}
