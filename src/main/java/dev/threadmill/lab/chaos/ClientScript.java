package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.lab.chaos.Violation.Effect;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One client with one thread and one run: creates them, reads the events from any node, answers
 * calls or cancels, and finally compares what it received with what is stored.
 */
final class ClientScript {
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final int MOST_WORDS = 60;
  private static final int WORDS_OF_SLOW = 1_500;
  private static final long SLOW_MS = 5;
  private static final int MOST_EVENTS_BEFORE_CANCEL = 40;
  private static final long PAUSE_MS = 100;

  private final int number;
  private final Scenario scenario;
  private final int words;
  private final int cancelAt;
  private final boolean createsStreaming;
  private final String assistant;
  private final RetryingClient caller;
  private final ChaosReport tally;
  private final List<ReceivedEvent> events = new ArrayList<>();
  private String thread;
  private String run;
  private String lastEventId;
  private boolean ended;

  /** The final state of a script's run. */
  record Outcome(
      int number,
      Scenario scenario,
      String thread,
      String run,
      String status,
      List<String> messages) {
    String path() {
      return "/v1/threads/" + thread + "/runs/" + run;
    }
  }

  /** A script whose course is determined by its number and the seed. */
  ClientScript(int number, long seed, ChaosCluster cluster, String assistant, ChaosReport tally) {
    var random = new SplittableRandom(seed + number);
    this.number = number;
    this.scenario = random.nextInt(40) == 0 ? Scenario.SLOW : Scenario.values()[random.nextInt(4)];
    this.words = scenario == Scenario.SLOW ? WORDS_OF_SLOW : 5 + random.nextInt(MOST_WORDS);
    this.cancelAt = random.nextInt(MOST_EVENTS_BEFORE_CANCEL);
    this.createsStreaming = random.nextBoolean();
    this.assistant = assistant;
    this.caller = cluster.caller(random);
    this.tally = tally;
  }

  /** Executes the script to its end. */
  Outcome execute() {
    var question = Map.of("role", "user", "content", MockModel.question(number, scenario, words));
    thread = caller.post("/v1/threads", Map.of("messages", List.of(question)), key("thread")).id();
    tally.runCreated();
    create();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!ended) {
      if (System.nanoTime() > end) {
        var status = caller.get(path()).json().path("status").asText();
        tally.add(
            List.of(
                new Violation("I1", Effect.LOST, run + " is " + status + " after " + PATIENCE)));
        return new Outcome(number, scenario, thread, run, status, List.of());
      }
      goOn();
    }
    return check();
  }

  private String path() {
    return "/v1/threads/" + thread + "/runs/" + run;
  }

  private String key(String what) {
    return "script-" + number + "-" + what;
  }

  /**
   * Returns when the creation of the run is acknowledged and the events of the creating stream are
   * read.
   */
  private void create() {
    var body = Map.of("assistant_id", assistant, "stream", createsStreaming);
    var runs = "/v1/threads/" + thread + "/runs";
    if (!createsStreaming) {
      run = caller.post(runs, body, key("run")).id();
      return;
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (run == null) {
      if (System.nanoTime() > end) {
        throw new RetryingClient.RetriesExhausted("POST " + runs, "no run for " + PATIENCE);
      }
      try {
        caller.read(caller.anyNode() + runs, body, key("run"), null, this::take);
      } catch (IOException e) {
        // The loop repeats the request with the same key.
      }
      if (run == null) {
        RetryingClient.pause(PAUSE_MS);
      }
    }
  }

  private void goOn() {
    try {
      int status =
          caller.read(caller.anyNode() + path() + "/events", null, null, lastEventId, this::take);
      if (status == 404 || status == 400) {
        tally.add(
            List.of(
                new Violation("I1", Effect.LOST, run + ": the status of its events is " + status)));
        ended = true;
      }
    } catch (IOException e) {
      // The next attempt resumes after the last complete event, on another node.
    }
    if (!ended) {
      RetryingClient.pause(PAUSE_MS);
    }
  }

  private void take(ReceivedEvent event) {
    events.add(event);
    lastEventId = event.id();
    if (run == null && event.data().path("object").asText().equals("thread.run")) {
      run = event.data().path("id").asText();
    }
    if (event.isDelta()) {
      tally.recoveryTimes().tokenReceived(run, event.attempt());
    }
    if (event.isRun("requires_action")) {
      submit(event.data());
    }
    ended |= InvariantChecks.TERMINAL_STATUSES.stream().anyMatch(event::isRun);
    if (scenario == Scenario.CANCEL && events.size() == cancelAt && run != null) {
      caller.post(path() + "/cancel", null, key("cancel"));
    }
    if (scenario == Scenario.SLOW) {
      RetryingClient.pause(SLOW_MS);
    }
  }

  private void submit(JsonNode waiting) {
    var outputs =
        waiting
            .at("/required_action/submit_tool_outputs/tool_calls")
            .findValuesAsText("id")
            .stream()
            .map(id -> Map.of("tool_call_id", id, "output", "output of the client"))
            .toList();
    caller.post(path() + "/submit_tool_outputs", Map.of("tool_outputs", outputs), key("outputs"));
  }

  private Outcome check() {
    var found = caller.get(path()).json();
    var steps = caller.get(path() + "/steps?limit=100").json().path("data");
    var messages =
        caller.get("/v1/threads/" + thread + "/messages?order=asc&limit=100").json().path("data");
    tally.add(InvariantChecks.runEnded(found, steps));
    tally.add(InvariantChecks.timestampsAreOrdered(found, steps, messages));
    tally.add(InvariantChecks.eventsAreComplete(events, messages));
    tally.add(InvariantChecks.replayMatches(events, readAfterwards()));
    var status = found.path("status").asText();
    var last = messages.path(messages.size() - 1).at("/content/0/text/value").asText();
    if (status.equals("completed") && !last.equals(MockModel.answer(words))) {
      tally.add(List.of(new Violation("I6", Effect.SKIPPED, run + " answered \"" + last + "\"")));
    }
    if (status.equals("failed")) {
      System.out.println("  a run failed: " + run + " " + found.path("last_error"));
    }
    tally.runRead();
    var ids = new ArrayList<String>();
    messages.forEach(message -> ids.add(message.path("id").asText()));
    return new Outcome(number, scenario, thread, run, status, ids);
  }

  /** Reads all events from the beginning over one connection; starts again if it breaks. */
  private List<ReceivedEvent> readAfterwards() {
    while (true) {
      var all = new ArrayList<ReceivedEvent>();
      try {
        int status = caller.read(caller.anyNode() + path() + "/events", null, null, null, all::add);
        if (status == 200
            && !all.isEmpty()
            && InvariantChecks.TERMINAL_STATUSES.stream().anyMatch(all.getLast()::isRun)) {
          return all;
        }
      } catch (IOException e) {
        // The loop starts again on another node.
      }
      if (Thread.currentThread().isInterrupted()) {
        return events;
      }
      RetryingClient.pause(PAUSE_MS);
    }
  }
}
