package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.crash.InvariantAssertions;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.rest.RunRequests;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * One order of events, which a seed decides: the faults of the nodes and the requests that they
 * get, and what must hold meanwhile and afterwards.
 */
final class SimulatedHistory {
  private static final int MOST_EVENTS_READ = 12;
  private static final int NODES = 3;
  private static final int MOST_STEPS = 90;
  private static final int MOST_ROUNDS = 300;
  private static final ProjectId PROJECT = SimulatedNode.PROJECT;

  private final SimulatedParts parts;
  private final AssistantId assistant;
  private final Jdbc jdbc;
  private final SettableClock clock;
  private final List<String> said = new ArrayList<>();
  private final Random random;
  private final TurnScheduler scheduler = new TurnScheduler();
  private final ScriptedModel.Calls calls = new ScriptedModel.Calls();
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final List<ThreadId> threads = new ArrayList<>();
  private final Map<RunId, SimulatedReader> readers = new HashMap<>();
  private final Map<String, String> ended = new HashMap<>();
  private final Map<ThreadId, List<String>> messagesBefore = new HashMap<>();
  private int turns;
  private int leasesLost;

  SimulatedHistory(long seed, SimulatedParts parts, AssistantId assistant) {
    this.random = new Random(seed);
    this.parts = parts;
    this.assistant = assistant;
    this.jdbc = parts.jdbc;
    this.clock = parts.clock;
  }

  /** The events so far, in words. */
  List<String> said() {
    return said;
  }

  /** How often an actor had its turn. */
  int turns() {
    return turns;
  }

  void play() {
    for (int i = 0; i < 2; i++) {
      threads.add(
          new ThreadId(
              ApiClient.user()
                  .post(
                      "/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}")
                  .id()));
    }
    for (int i = 0; i < NODES; i++) {
      nodes.add(newNode());
    }
    int steps = random.nextInt(20, MOST_STEPS);
    for (int i = 0; i < steps; i++) {
      step();
      check();
    }
    comeToRest();
    checkAtRest();
    nodes.forEach(this::retire);
  }

  int messagesCutOff() {
    return readers.values().stream().mapToInt(SimulatedReader::messagesCutOff).sum();
  }

  private SimulatedNode newNode() {
    var ahead = Duration.ofSeconds(random.nextInt(4) == 0 ? random.nextInt(-90, 90) : 0);
    return new SimulatedNode(parts, scheduler, random, calls, ahead);
  }

  private void retire(SimulatedNode node) {
    node.close();
    jdbc.update("DELETE FROM nodes WHERE id = ?", node.node.id());
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private void step() {
    int what = random.nextInt(100);
    var node = any(nodes);
    if (what < 55) {
      turns += scheduler.runOne(random, each -> !each.frozen) ? 1 : 0;
    } else if (what < 62) {
      readAlong();
    } else if (node.frozen && what < 90) {
      turns += scheduler.runOne(random, each -> !each.frozen) ? 1 : 0;
    } else if (what < 70) {
      act("create", node, () -> create(node));
    } else if (what < 74) {
      act("cancel", node, () -> withAnyRun(run -> cancel(node, run)));
    } else if (what < 78) {
      act("submit", node, () -> withAnyRun(run -> submit(node, run)));
    } else if (what < 84) {
      act("sweep", node, node.maintenance::runOnce);
    } else if (what < 86) {
      act("renew", node, node.maintenance::renew);
    } else if (what < 88) {
      act("journal", node, () -> journal(node));
    } else if (what < 90) {
      handOver(rather(node));
    } else if (what < 92) {
      say("lease lost", node);
      leasesLost++;
      jdbc.update(
          "UPDATE nodes SET lease_until = now() - interval '1 second' WHERE id = ?",
          node.node.id());
    } else if (what < 95) {
      say(node.frozen ? "thaw" : "freeze", node);
      node.frozen = !node.frozen;
    } else if (what < 98) {
      kill(rather(node));
    } else if (what < 99) {
      said.add("ten minutes pass");
      clock.advance(Duration.ofMinutes(10));
    } else {
      say("clock steps", node);
      node.ahead = Duration.ofSeconds(random.nextInt(-90, 90));
    }
  }

  private void say(String what, SimulatedNode node) {
    said.add(what + " " + nodes.indexOf(node));
  }

  private void act(String what, SimulatedNode node, Runnable work) {
    say(what, node);
    scheduler.add(node, work);
  }

  private void create(SimulatedNode node) {
    var policy = any(List.of("reject", "reject", "queue", "interrupt"));
    var body = "{\"assistant_id\": \"%s\", \"on_active_run\": \"%s\"}".formatted(assistant, policy);
    refusable(
        () ->
            node.create.create(
                PROJECT,
                any(threads),
                Json.read(body, RunRequests.CreateRunBody.class).toSpec(),
                BeforeInsert.NONE));
  }

  private record CreatedRun(ThreadId thread, RunId run, String status) {}

  private void withAnyRun(Consumer<CreatedRun> what) {
    var known = runs();
    if (!known.isEmpty()) {
      what.accept(any(known));
    }
  }

  private List<CreatedRun> runs() {
    return jdbc.list(
        "SELECT thread_id, id, status FROM runs WHERE thread_id IN (?, ?) ORDER BY created_at, id",
        row ->
            new CreatedRun(
                row.text("thread_id", ThreadId::new),
                row.text("id", RunId::new),
                row.text("status")),
        threads.get(0),
        threads.get(1));
  }

  private void cancel(SimulatedNode node, CreatedRun run) {
    refusable(() -> node.cancel.cancel(PROJECT, run.thread(), run.run()));
  }

  private void submit(SimulatedNode node, CreatedRun run) {
    var outputs =
        jdbc.list(
            "SELECT id FROM tool_calls WHERE thread_id = ? AND run_id = ? AND output IS NULL",
            row -> new ToolOutputs.Output(row.text("id"), "42"),
            run.thread(),
            run.run());
    refusable(
        () ->
            node.submit.submit(PROJECT, run.thread(), run.run(), new ToolOutputs(outputs, false)));
  }

  /** As often as not a node in the middle of whose message a client has just looked away. */
  private SimulatedNode rather(SimulatedNode node) {
    var publishing = nodes.stream().filter(each -> !each.frozen && isHalfPublished(each)).toList();
    return publishing.isEmpty() || random.nextBoolean() ? node : any(publishing);
  }

  private boolean isHalfPublished(SimulatedNode node) {
    return node.localRuns.all().stream()
        .map(live -> readers.get(live.claimedRun().id()))
        .anyMatch(reader -> reader != null && reader.isWithinMessage());
  }

  /** A client looks at what is under way, or from time to time at what is not. */
  private void readAlong() {
    var known = runs();
    var moving = known.stream().filter(run -> run.status().equals("in_progress")).toList();
    if (!known.isEmpty()) {
      boolean looksAtMoving = !moving.isEmpty() && random.nextInt(5) > 0;
      read(any(looksAtMoving ? moving : known), random.nextInt(1, MOST_EVENTS_READ));
    }
  }

  private SimulatedReader read(CreatedRun run, int most) {
    var reader = readers.computeIfAbsent(run.run(), id -> new SimulatedReader(run.thread(), id));
    var awake = nodes.stream().filter(node -> !node.frozen).toList();
    if (!awake.isEmpty()) {
      reader.read(any(awake), most);
    }
    return reader;
  }

  /** What is refused is refused, which is an answer. */
  private void refusable(Runnable request) {
    try {
      request.run();
    } catch (ApiException e) {
      assertThat(e.getMessage()).isNotNull();
    }
  }

  private void journal(SimulatedNode node) {
    node.localRuns.all().forEach(live -> live.events().startJournaling());
    node.journal.flush();
  }

  /** It stops in good order, and another one is started in its place. */
  private void handOver(SimulatedNode node) {
    say("hand over", node);
    node.localRuns.stopAccepting();
    node.localRuns.all().forEach(live -> live.stop(LiveRun.StopReason.HAND_OVER));
    for (int i = 0; i < MOST_ROUNDS && node.localRuns.size() > 0; i++) {
      scheduler.runOne(random, each -> each == node);
    }
    node.node.deregister();
    replace(node);
  }

  private void kill(SimulatedNode node) {
    say("kill", node);
    leasesLost++;
    jdbc.update(
        "UPDATE nodes SET lease_until = now() - interval '1 second' WHERE id = ?", node.node.id());
    replace(node);
  }

  private void replace(SimulatedNode node) {
    scheduler.forget(node);
    node.close();
    nodes.set(nodes.indexOf(node), newNode());
  }

  /** Ends the injection of faults; runs that wait for their client get its outputs. */
  private void comeToRest() {
    said.add("rest");
    nodes.forEach(node -> node.frozen = false);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      while (scheduler.runOne(random, _ -> true)) {
        turns++;
      }
      var open = runs().stream().filter(run -> !isEnd(run.status())).toList();
      if (open.isEmpty()) {
        return;
      }
      for (var node : nodes) {
        scheduler.add(node, node.maintenance::renew);
        scheduler.add(node, node.maintenance::runOnce);
        scheduler.add(node, () -> journal(node));
      }
      open.stream()
          .filter(run -> run.status().equals("requires_action"))
          .forEach(run -> scheduler.add(nodes.getFirst(), () -> submit(nodes.getFirst(), run)));
    }
    throw new AssertionError("I1: runs do not end: " + runs());
  }

  private static boolean isEnd(String status) {
    return List.of("completed", "failed", "cancelled", "expired", "incomplete").contains(status);
  }

  /** I2, I5, I8: at every moment. */
  private void check() {
    var active = new ArrayList<ThreadId>();
    for (var run : runs()) {
      var id = run.run().value();
      if (ended.containsKey(id)) {
        assertThat(run.status()).as("I2: the end of " + id).isEqualTo(ended.get(id));
      } else if (isEnd(run.status())) {
        ended.put(id, run.status());
      } else if (!run.status().equals("queued")) {
        active.add(run.thread());
      }
    }
    assertThat(active).as("I8: active runs").doesNotHaveDuplicates();
    for (var thread : threads) {
      var now =
          jdbc.list(
              "SELECT id FROM messages WHERE thread_id = ? ORDER BY created_at, id",
              row -> row.text("id"),
              thread);
      var before = messagesBefore.getOrDefault(thread, List.of());
      InvariantAssertions.isPrefix(before, now);
      messagesBefore.put(thread, now);
    }
  }

  /** I1, I3, I6, I7, I10: when all is quiet. */
  private void checkAtRest() {
    check();
    var user = ApiClient.user();
    var key = ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class);
    for (var run : runs()) {
      var id = run.run().value();
      var stored = parts.runs.get(PROJECT, run.thread(), run.run());
      if (run.status().equals("failed")) {
        assertThat(stored.lastError().message())
            .as("why %s failed after %d lost leases", id, leasesLost)
            .startsWith("The run was stopped: 3 servers in a row crashed");
        assertThat(leasesLost).as("leases lost, of which a run has to see three").isGreaterThan(2);
      }
      int steps = parts.steps.ofRun(stored).size();
      assertThat(calls.of(id))
          .as("I7: model calls of %s, attempts %d", id, stored.attempt())
          .isLessThanOrEqualTo(Math.max(1, steps) + stored.attempt());
      var path = "/v1/threads/" + run.thread();
      InvariantAssertions.runEnded(user, run.thread().value(), id);
      var reader = new EventReader(key);
      assertThat(reader.read(ApiClient.base() + path + "/runs/" + id + "/events", null)).isTrue();
      var messages = user.get(path + "/messages?order=asc&limit=100").json().get("data");
      InvariantAssertions.eventsAreComplete(reader.events(), messages);
      var along = read(run, MOST_EVENTS_READ);
      for (int i = 0; i < MOST_ROUNDS && !along.isAtEnd(); i++) {
        read(run, MOST_EVENTS_READ);
      }
      assertThat(along.isAtEnd()).as("I6: a reader of %s comes to the end", id).isTrue();
      InvariantAssertions.eventsAreComplete(along.events(), messages);
      for (var message : messages) {
        if (message.path("run_id").asText().equals(id)) {
          assertThat(along.said(message.path("id").asText()))
              .as("I6: what was published of a message, even if it was cut off")
              .isEqualTo(message.at("/content/0/text/value").asText());
        }
      }
    }
    assertThat(
            jdbc.list(
                """
                SELECT 'journal' AS what FROM run_journal WHERE thread_id IN (?, ?)
                UNION ALL SELECT 'owner' FROM runs WHERE owner IS NOT NULL AND thread_id IN (?, ?)
                UNION ALL SELECT 'call' FROM tool_calls WHERE output IS NULL
                  AND thread_id IN (?, ?)
                """,
                row -> row.text("what"),
                threads.get(0),
                threads.get(1),
                threads.get(0),
                threads.get(1),
                threads.get(0),
                threads.get(1)))
        .as("I10: what is left over")
        .isEmpty();
  }
}
