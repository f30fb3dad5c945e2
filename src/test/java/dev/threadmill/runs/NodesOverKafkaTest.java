package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.KafkaBroker;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Nodes that send signals through Kafka. */
class NodesOverKafkaTest extends NodesTest {
  private final KafkaBroker broker = new KafkaBroker();

  @Override
  Cluster cluster() {
    broker.start();
    return Cluster.of(2).with("THREADMILL_KAFKA", broker.servers());
  }

  @AfterAll
  void endBroker() {
    broker.close();
  }

  @Test
  void theEventsOfARunAreInATopicInTheirOrder() {
    cluster.provider().reply(Reply.text("one"));
    var run = startRun();
    var settings =
        Map.<String, Object>of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            broker.servers(),
            ConsumerConfig.GROUP_ID_CONFIG,
            "test",
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "earliest");
    var events = new ArrayList<JsonNode>();
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of("threadmill-events"));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                for (var record : consumer.poll(Duration.ofMillis(200))) {
                  var event = Json.tree(record.value());
                  if (event.path("run_id").equals(run.path("id"))) {
                    assertThat(record.key()).isEqualTo(run.path("thread_id").asText());
                    events.add(event);
                  }
                }
                return !events.isEmpty()
                    && events.getLast().path("event").asText().equals("run.completed");
              });
    }

    assertThat(events)
        .extracting(event -> event.path("event").asText())
        .containsExactly("run.created", "model_call", "message.created", "run.completed");
  }

  @Test
  void kafkaMayBeDownAtTheStartAndStartLater() {
    try (var late = new KafkaBroker();
        var nodes =
            Cluster.of(2)
                .with("THREADMILL_KAFKA", late.servers() + ",kafka.invalid:9092")
                .start()) {
      var node = nodes.node(0);
      var assistant = nodes.api(node).post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
      var body =
          "{\"assistant_id\": \"%s\", \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
              .formatted(assistant);
      nodes.provider().otherwise(_ -> Reply.text("Hello."));

      // The first run of a process takes its time, with Kafka or without.
      complete(nodes, node, body, Duration.ofSeconds(15));
      complete(nodes, node, body, Duration.ofSeconds(2));

      late.start();
      await()
          .atMost(Duration.ofSeconds(40))
          .untilAsserted(() -> assertThat(node.log("listening for signals on Kafka")).isNotEmpty());
      assertThat(node.log("signals are not delivered")).hasSizeLessThanOrEqualTo(1);
      assertThat(node.log("[o.a.k.")).isEmpty();

      late.kill();
      complete(nodes, node, body, Duration.ofSeconds(2));
      assertThat(node.isReady()).isTrue();
    }
  }

  private static void complete(Cluster nodes, ServerProcess node, String body, Duration atMost) {
    var run = nodes.api(node).post("/v1/threads/runs", body).json();
    await()
        .atMost(atMost)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                nodes.api(node).get(path(run)).json().path("status").asText().equals("completed"));
  }
}
