package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.EventReader;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Postgres is killed under a running server, and comes back. */
class PostgresCrashTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
  private static final String WORDS = "one two three four five six seven eight nine ten";

  @Test
  void aRunIsStreamedToItsEndAcrossACrashOfPostgresAndNothingAcknowledgedIsLost() throws Exception {
    var home = PostgresResource.temporaryHome();
    try (var postgres =
            EmbeddedPostgres.start(Options.at(home).withCache(PostgresResource.cache()));
        var cluster =
            Cluster.of(1)
                .with("THREADMILL_MEMORY_WORKER", "false")
                .with("THREADMILL_DATABASE_URL", url(postgres))
                .start()) {
      var node = cluster.node(0);
      var api = cluster.api(node);
      var gate = new ReplyGate();
      cluster.provider().otherwise(_ -> Reply.text(WORDS).withGate(gate));
      var assistant = api.post("/v1/assistants", "{\"model\": \"m\"}").id();
      var thread =
          api.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Count.\"}]}")
              .id();
      var reader = new EventReader(cluster.apiKey());
      var reading =
          Thread.ofVirtual()
              .start(
                  () ->
                      reader.read(
                          node.url() + "/v1/threads/" + thread + "/runs",
                          Json.write(Map.of("assistant_id", assistant, "stream", true))));
      gate.release(4);
      cluster.await("the model call", LONG_ENOUGH, () -> assertThat(reader.runId()).isNotNull());
      List<String> acknowledged = new ArrayList<>(List.of(thread));

      for (int crash = 0; crash < 2; crash++) {
        postgres.crashAndRestart();
        gate.release(2);
        cluster.await("ready again", LONG_ENOUGH, () -> assertThat(node.isReady()).isTrue());
        acknowledged.add(api.post("/v1/threads", "{}").id());
      }
      gate.open();

      assertThat(reading.join(LONG_ENOUGH)).as(cluster::logs).isTrue();
      var path = "/v1/threads/" + thread + "/runs/" + reader.runId();
      cluster.await(
          "the end", LONG_ENOUGH, () -> InvariantAssertions.runEnded(api, thread, reader.runId()));
      assertThat(api.get(path).json().path("status").asText()).isEqualTo("completed");
      var messages = api.get("/v1/threads/" + thread + "/messages?order=asc").json().get("data");
      InvariantAssertions.eventsAreComplete(reader.events(), messages);
      assertThat(cluster.provider().requests()).hasSize(1);
      for (var id : acknowledged) {
        assertThat(api.get("/v1/threads/" + id).status()).isEqualTo(200);
      }
    } finally {
      PostgresResource.delete(home);
    }
  }

  private static String url(EmbeddedPostgres postgres) {
    return "postgres://%s:%s@127.0.0.1:%d/threadmill"
        .formatted(postgres.user(), postgres.password(), postgres.port());
  }
}
