package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.CommitProxy;
import dev.threadmill.testing.CommitProxy.Side;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ServerProcess;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A run that calls another assistant, on a node that is killed at each of its commits in turn.
 * Whatever the boundary, both runs end, and the call has one run.
 */
class RoutingCrashTest {
  private static final String ANSWER = "The helper says yes.";
  private static final int MOST_COMMITS = 30;

  /** Each kill costs a start of a node; with 1 every commit is tested. */
  private static final int STEP = 2;

  @Test
  void aCallHasOneRunAndOneAnswerAfterAKillAtAnyCommit() {
    try (var proxy = CommitProxy.start();
        var cluster = Cluster.of(2).with("THREADMILL_LEASE", "1s").withoutIndexing()) {
      cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
      var victim =
          cluster.node(0).with("THREADMILL_DATABASE_URL", proxy.through(cluster.databaseUrl()));
      for (int commit = 1; ; commit += STEP) {
        assertThat(commit).as("the scenario does not come to its end").isLessThan(MOST_COMMITS);
        cluster.start();
        if (!killedAt(cluster, proxy, victim, commit)) {
          assertThat(commit).as("too few commits were tried").isGreaterThan(4);
          return;
        }
      }
    }
  }

  /** Plays the scenario. Returns false if it ended before the n-th commit. */
  private static boolean killedAt(
      Cluster cluster, CommitProxy proxy, ServerProcess victim, int commit) {
    cluster
        .provider()
        .otherwise(
            request -> {
              if (request.model().equals("helper")) {
                return Reply.text("yes");
              }
              return request.body().path("messages").toString().contains("\"tool\"")
                  ? Reply.text(ANSWER)
                  : Reply.call("route_to_helper", "{\"message\": \"Is it so?\"}");
            });
    var survivor = cluster.node(1);
    var api = cluster.api(survivor);
    var helper = api.post("/v1/assistants", "{\"model\": \"helper\", \"name\": \"Helper\"}").id();
    var desk =
        api.post(
                "/v1/assistants",
                "{\"model\": \"desk\", \"tools\": [{\"type\": \"agent_routing\", \"targets\": [\"%s\"]}]}"
                    .formatted(helper))
            .id();
    var thread =
        api.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Ask.\"}]}")
            .id();
    int requestsBefore = cluster.provider().requests().size();
    var killed = proxy.killAt(commit, Side.AFTER, victim);

    var run = ended(cluster, victim, survivor, thread, desk);
    proxy.disarm();

    var name = "killed after commit %d\n%s".formatted(commit, cluster.logs());
    assertThat(run.path("status").asText()).as(name).isEqualTo("completed");
    var path = "/v1/threads/" + thread + "/runs/" + run.path("id").asText();
    var tree = api.get(path + "/tree").json();
    assertThat(tree.path("children")).as(name).hasSize(1);
    assertThat(tree.at("/children/0/status").asText()).as(name).isEqualTo("completed");
    var messages = api.get("/v1/threads/" + thread + "/messages").json().path("data");
    assertThat(messages.at("/0/content/0/text/value").asText()).as(name).isEqualTo(ANSWER);
    InvariantAssertions.runEnded(api, thread, run.path("id").asText());
    assertThat(cluster.provider().requests().size() - requestsBefore)
        .as("model calls, of which a crash repeats at most one of each run; " + name)
        .isLessThanOrEqualTo(3 + 2);
    try (var database = cluster.connect()) {
      InvariantAssertions.noLeftovers(database);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return killed.get();
  }

  /**
   * Waits until the run has ended. Repeats a creation that was not acknowledged and has not
   * happened.
   */
  private static JsonNode ended(
      Cluster cluster, ServerProcess victim, ServerProcess survivor, String thread, String desk) {
    var runs = "/v1/threads/" + thread + "/runs";
    var body = "{\"assistant_id\": \"" + desk + "\"}";
    try {
      cluster.api(victim).post(runs, body);
    } catch (UncheckedIOException e) {
      // The request failed because the node crashed. The list of runs shows whether the run was
      // created.
    }
    ApiClient api = cluster.api(survivor);
    return await(cluster.logs())
        .atMost(Duration.ofSeconds(120))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              var found = api.get(runs).json().path("data");
              if (found.isEmpty()) {
                api.post(runs, body);
              }
              return api.get(runs).json().at("/data/0");
            },
            run -> run.path("status").asText().matches("completed|failed|cancelled|expired"));
  }
}
