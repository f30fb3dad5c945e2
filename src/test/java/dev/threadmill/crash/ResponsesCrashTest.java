package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.SseStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The node of responses is killed while they are streamed: of those in the background from another
 * node, of the others from the node itself.
 */
@Timeout(180)
class ResponsesCrashTest {
  private static final int RESPONSES = 60;
  private static final int BROKEN_STREAMS = 60;
  private static final String MODEL = "{\"model\": \"mock-t100-i40-n60\", \"input\": \"Go\"";
  private static final String BODY = MODEL + ", \"background\": true}";
  private static final String STREAMED = MODEL + ", \"stream\": true}";

  @Test
  void everyResponseCompletesAndEveryReaderHasEachEventOnce() throws Exception {
    try (var cluster =
        Cluster.of(2)
            .with("THREADMILL_LEASE", "1s")
            .with("THREADMILL_SECRET_KEY", "a key of the nodes of this cluster")
            .withoutIndexing()) {
      cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
      cluster.start();
      var victim = cluster.node(0);
      var survivor = cluster.api(cluster.node(1));
      var ids = new ArrayList<String>();
      ids.add(compacting(cluster.api(victim)));
      for (int i = 1; i < RESPONSES; i++) {
        var created = cluster.api(victim).post("/v1/responses", BODY);
        assertThat(created.status()).as(created.text()).isEqualTo(200);
        ids.add(created.id());
      }
      try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
        var streams = new ArrayList<Future<List<SseStream.Frame>>>();
        for (var id : ids) {
          streams.add(
              readers.submit(
                  () -> {
                    try (var events = survivor.events("/v1/responses/" + id + "?stream=true")) {
                      return events.rest();
                    }
                  }));
        }
        var broken = new ArrayList<Future<String>>();
        for (int i = 0; i < BROKEN_STREAMS; i++) {
          broken.add(readers.submit(() -> idOfBrokenStream(cluster.api(victim))));
        }
        for (var stream : broken) {
          stream.get(60, TimeUnit.SECONDS);
        }
        victim.kill();

        // A client whose stream broke asks another node for it again.
        for (var stream : broken) {
          try (var again = survivor.events("/v1/responses/" + stream.get() + "?stream=true")) {
            requireWhole(again.rest());
          }
        }
        for (int i = 0; i < RESPONSES; i++) {
          var frames = streams.get(i).get(120, TimeUnit.SECONDS);
          requireWhole(frames);
          if (i == 0) {
            var output = frames.getLast().json().at("/response/output");
            assertThat(output.findValuesAsText("type")).containsOnlyOnce("compaction");
          }
          try (var replay = survivor.events("/v1/responses/" + ids.get(i) + "?stream=true")) {
            assertThat(replay.rest()).isEqualTo(frames);
          }
        }
      }
    }
  }

  /** A response that summarizes its history when its node is killed. */
  private static String compacting(ApiClient victim) {
    var first =
        victim.post(
            "/v1/responses",
            "{\"model\": \"mock-t1-i1-n2\", \"input\": \"%s\"}"
                .formatted("alpha beta ".repeat(900)));
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    var second =
        victim.post(
            "/v1/responses",
            """
            %s, "background": true, "previous_response_id": "%s",
             "context_management": [{"type": "compaction", "compact_threshold": 1000}]}"""
                .formatted(MODEL, first.id()));
    assertThat(second.status()).as(second.text()).isEqualTo(200);
    return second.id();
  }

  /** Begins a stream and returns the id of its response; the connection is left to break. */
  private static String idOfBrokenStream(ApiClient victim) {
    var stream = victim.stream("/v1/responses", STREAMED);
    return stream.next().json().at("/response/id").asText();
  }

  private static void requireWhole(List<SseStream.Frame> frames) {
    assertThat(frames.getLast().event()).isEqualTo("response.completed");
    var text = new StringBuilder();
    for (int i = 0; i < frames.size(); i++) {
      var event = frames.get(i).json();
      assertThat(event.path("sequence_number").asInt()).isEqualTo(i);
      if (event.path("type").asText().equals("response.output_text.delta")) {
        text.append(event.path("delta").asText());
      }
    }
    // A message that the killed node had begun stays, incomplete, before the whole one.
    var output = frames.getLast().json().at("/response/output");
    assertThat(String.join("", output.findValuesAsText("text"))).isEqualTo(text.toString());
    assertThat(output.get(output.size() - 1).path("status").asText()).isEqualTo("completed");
  }
}
