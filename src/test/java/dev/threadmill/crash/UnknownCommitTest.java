package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.CommitProxy;
import dev.threadmill.testing.CommitProxy.Side;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Commits that succeeded although the server did not receive the result. */
class UnknownCommitTest {
  private static final int MOST_TRIES = 10;

  /** Its creation, a call and its output, another call and its output, its end. */
  private static final int COMMITS_OF_A_RUN = 6;

  @Test
  void aRunClaimedInABreakingConnectionIsExecutedByItsOwner() {
    try (var proxy = CommitProxy.start();
        var cluster =
            Cluster.of(1)
                .with("THREADMILL_LEASE", "1s")
                .with("THREADMILL_MEMORY_WORKER", "false")) {
      var node =
          cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms");
      cluster.start();
      cluster.provider().otherwise(_ -> Reply.text("Here I am."));
      var api = cluster.api(node);
      var assistant = api.post("/v1/assistants", "{\"model\": \"m\"}").id();
      var thread = breakTheCommitOfARun(cluster, proxy, assistant);

      var runs = "/v1/threads/" + thread + "/runs";
      await(cluster.logs())
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(api.get(runs).json().at("/data/0/status").asText())
                      .isEqualTo("completed"));
      assertThat(api.get(runs).json().path("data")).hasSize(1);
    }
  }

  /**
   * The commits of a run with a call of the server's and one of the client's succeed one after the
   * other while their connection breaks. The repeated transaction must detect that.
   */
  @Test
  void aCommitInABreakingConnectionIsAppliedAndPublishedOnce() {
    try (var proxy = CommitProxy.start();
        var receiver = RecordingServer.start();
        var cluster =
            Cluster.of(1).with("THREADMILL_EGRESS_ALLOW", "127.0.0.1/32").withoutIndexing()) {
      receiver.on(
          "/count",
          (exchange, _) ->
              RecordingServer.reply(exchange, 200, "application/json", "{\"count\": 1}"));
      var node =
          cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      cluster.start();
      cluster.provider().otherwise(UnknownCommitTest::callTwiceThenAnswer);
      var api = cluster.api(node);
      var assistant =
          api.post(
                  "/v1/assistants",
                  """
                  {"model": "m", "tools": [
                    {"type": "function", "function": {"name": "look_up"}},
                    {"type": "webhook", "webhook": {"name": "count", "endpoint": "%s"}}]}
                  """
                      .formatted(receiver.url("/count")))
              .id();
      int broken = 0;
      for (int commit = 1; commit <= COMMITS_OF_A_RUN + 1; commit++) {
        var thread =
            api.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"?\"}]}")
                .id();
        var fired = new AtomicBoolean();
        proxy.at(commit, Side.AFTER, () -> fired.set(true));
        var run = played(cluster, "/v1/threads/" + thread + "/runs", assistant);
        proxy.disarm();

        var events = new EventReader(cluster.apiKey());
        events.read(node.url() + "/v1/threads/" + thread + "/runs/" + run + "/events", null);
        var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
        InvariantAssertions.eventsAreComplete(events.events(), messages);
        InvariantAssertions.runEnded(api, thread, run);
        assertThat(events.events().stream().map(EventReader.Event::name).toList())
            .as("commit %d", commit)
            .containsOnlyOnce("thread.run.requires_action", "thread.run.completed")
            .filteredOn("thread.run.step.completed"::equals)
            .hasSize(3);
        broken += fired.get() ? 1 : 0;
      }
      assertThat(broken).as("commits that were broken").isGreaterThanOrEqualTo(COMMITS_OF_A_RUN);
    }
  }

  private static Reply callTwiceThenAnswer(FakeProvider.Request request) {
    long results =
        StreamSupport.stream(request.body().get("messages").spliterator(), false)
            .filter(message -> message.get("role").asText().equals("tool"))
            .count();
    return switch ((int) results) {
      case 0 -> Reply.call("count", "{}");
      case 1 -> Reply.call("look_up", "{}");
      default -> Reply.text("Here I am.");
    };
  }

  /** Completes a run as a client does that repeats requests answered with a 503. */
  private static String played(Cluster cluster, String runs, String assistant) {
    var api = cluster.api(cluster.node(0));
    cluster.await(
        "the run to be completed",
        Duration.ofSeconds(30),
        () -> assertThat(doWhatIsDue(api, runs, assistant)).isEqualTo("completed"));
    var all = api.get(runs).json().path("data");
    assertThat(all).hasSize(1);
    return all.get(0).path("id").asText();
  }

  /** Does the next action for the run and returns the status that it had before. */
  private static String doWhatIsDue(ApiClient api, String runs, String assistant) {
    var run = api.get(runs).json().at("/data/0");
    var status = run.path("status").asText();
    if (status.isEmpty()) {
      api.post(runs, "{\"assistant_id\": \"" + assistant + "\"}");
    } else if (status.equals("requires_action")) {
      var call = run.at("/required_action/submit_tool_outputs/tool_calls/0/id").asText();
      api.post(
          runs + "/" + run.path("id").asText() + "/submit_tool_outputs",
          "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"x\"}]}".formatted(call));
    }
    return status;
  }

  /** The thread of a run that was committed while its client was events that it was not. */
  private static String breakTheCommitOfARun(Cluster cluster, CommitProxy proxy, String assistant) {
    var api = cluster.api(cluster.node(0));
    for (int i = 0; i < MOST_TRIES; i++) {
      var body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Are you there?\"}]}";
      var thread = api.post("/v1/threads", body).id();
      // The connection is closed when this returns: the commit has succeeded and its result is not
      // passed on.
      proxy.at(1, Side.AFTER, () -> {});
      var answer =
          api.post("/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"" + assistant + "\"}");
      proxy.disarm();
      if (answer.status() != 200) {
        assertThat(answer.status()).isEqualTo(503);
        return thread;
      }
    }
    throw new AssertionError("something else was committed each time");
  }
}
