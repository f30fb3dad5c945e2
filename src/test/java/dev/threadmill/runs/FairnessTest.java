package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FairnessTest {
  private static final int FLOOD = 2_000;

  @Test
  void aProjectWithTwoThousandQueuedRunsDoesNotKeepAnothersSingleOneWaiting() throws Exception {
    try (var cluster = Cluster.of(2)) {
      // Given: room for ten runs, each of which takes half a second
      cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.concurrency=5"));
      cluster.start();
      cluster.provider().otherwise(_ -> Reply.text("a b c").withPause(100));
      var many = cluster.api(cluster.node(0));
      var body = body(many);
      try (var callers = Executors.newFixedThreadPool(16)) {
        var calls =
            IntStream.range(0, FLOOD)
                .mapToObj(_ -> callers.submit(() -> many.post("/v1/threads/runs", body)))
                .toList();
        for (Future<ApiClient.Response> call : calls) {
          assertThat(call.get().status()).isEqualTo(200);
        }
      }
      var admin = cluster.admin(cluster.node(1));
      var project = admin.post("/v1/projects", "{\"name\": \"small\"}").id();
      var key = admin.post("/v1/projects/" + project + "/api_keys", "{}").json().path("value");
      var single = cluster.node(1).api(key.asText());

      // When: another project wants a single run
      var run = single.post("/v1/threads/runs", body(single)).json();

      // Then: it does not wait for the others
      await()
          .atMost(Duration.ofSeconds(8))
          .pollInterval(Duration.ofMillis(50))
          .until(() -> status(single, run).equals("completed"));
      try (var connection = cluster.connect();
          var statement = connection.createStatement();
          var left = statement.executeQuery("SELECT count(*) FROM runs WHERE status = 'queued'")) {
        left.next();
        assertThat(left.getInt(1)).as("still queued").isGreaterThan(FLOOD / 4);
      }
    }
  }

  private static String body(ApiClient api) {
    var assistant = api.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    return """
    {"assistant_id": "%s", "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    """
        .formatted(assistant);
  }

  private static String status(ApiClient api, JsonNode run) {
    return api.get(
            "/v1/threads/%s/runs/%s"
                .formatted(run.path("thread_id").asText(), run.path("id").asText()))
        .json()
        .path("status")
        .asText();
  }
}
