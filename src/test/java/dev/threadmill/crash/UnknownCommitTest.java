package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.CommitProxy;
import dev.threadmill.testing.CommitProxy.Side;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Commits that were done, though the server could not see it. */
class UnknownCommitTest {
  private static final int MOST_TRIES = 10;

  @Test
  void aRunWhoseClaimWasCommittedInABreakingConnectionIsExecutedByTheNodeThatOwnsIt() {
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

  /** The thread of a run that was committed while its client was told that it was not. */
  private static String breakTheCommitOfARun(Cluster cluster, CommitProxy proxy, String assistant) {
    var api = cluster.api(cluster.node(0));
    for (int i = 0; i < MOST_TRIES; i++) {
      var body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Are you there?\"}]}";
      var thread = api.post("/v1/threads", body).id();
      // The connection ends when this returns, with the commit done and its answer not passed on.
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
