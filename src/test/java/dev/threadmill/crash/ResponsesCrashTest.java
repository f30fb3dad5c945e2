package dev.threadmill.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.SseStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The node of responses in the background is killed while they are streamed from another node. */
@Timeout(180)
class ResponsesCrashTest {
  private static final int RESPONSES = 60;
  private static final String BODY =
      "{\"model\": \"mock-t100-i40-n60\", \"input\": \"Go\", \"background\": true}";

  @Test
  void everyResponseCompletesAndEveryReaderHasEachEventOnce() throws Exception {
    try (var cluster = Cluster.of(2).with("THREADMILL_LEASE", "1s").withoutIndexing()) {
      cluster.nodes().forEach(node -> node.withJvmOption("-Dthreadmill.runs.sweep-every=200ms"));
      cluster.start();
      var victim = cluster.node(0);
      var survivor = cluster.api(cluster.node(1));
      var ids = new ArrayList<String>();
      for (int i = 0; i < RESPONSES; i++) {
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
        victim.kill();

        for (int i = 0; i < RESPONSES; i++) {
          var frames = streams.get(i).get(120, TimeUnit.SECONDS);
          requireWhole(frames);
          try (var replay = survivor.events("/v1/responses/" + ids.get(i) + "?stream=true")) {
            assertThat(replay.rest()).isEqualTo(frames);
          }
        }
      }
    }
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
