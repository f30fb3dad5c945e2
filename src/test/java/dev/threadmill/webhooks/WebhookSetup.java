package dev.threadmill.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.RecordingServer.ReceivedRequest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An endpoint of a project of its own, and what happens in it. */
abstract class WebhookSetup {
  @Inject Outbox outbox;
  @Inject OutboxDelivery delivery;
  @Inject WebhookSink sink;
  @Inject WebhookDispatcher dispatcher;
  @Inject DeliveryQueue queue;
  @Inject DeliveryOutcomes outcomes;
  @Inject DeliveryStore deliveries;
  @Inject CleanUpDeliveries cleanUp;
  @Inject Jdbc jdbc;
  @Inject Ids ids;
  RecordingServer receiver;
  ProjectId project;
  ApiClient api;

  @BeforeEach
  void setUp() {
    delivery.register(sink);
    delivery.deliver(sink);
    clear();
    receiver = RecordingServer.start();
    project = new ProjectId(ApiClient.admin().post("/v1/projects", "{\"name\": \"hooks\"}").id());
    var key = ApiClient.admin().post("/v1/projects/" + project + "/api_keys", "{}");
    api = ApiClient.withKey(key.json().path("value").asText());
  }

  @AfterEach
  void tearDown() throws InterruptedException {
    dispatcher.end();
    receiver.close();
    clear();
  }

  void clear() {
    jdbc.update("DELETE FROM webhook_lanes");
    jdbc.update("DELETE FROM webhook_deliveries");
    jdbc.update("DELETE FROM webhook_endpoints");
  }

  JsonNode endpoint(String path, String... types) {
    var body =
        Json.write(
            Map.of("name", "hook", "url", receiver.url(path), "event_types", List.of(types)));
    var response = api.post("/v1/webhook_endpoints", body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  void happens(String type, ThreadId thread, String... ofEach) {
    jdbc.runInTransaction(
        tx -> {
          for (var detail : ofEach) {
            outbox.append(
                tx,
                Activity.of(type, project, Instant.now())
                    .thread(thread)
                    .detail("n", detail)
                    .build());
          }
        });
    delivery.deliver(sink);
  }

  static String number(ReceivedRequest call) {
    return Json.tree(call.body()).path("data").path("details").path("n").asText();
  }

  List<String> numbers(String path) {
    return receiver.calls().stream()
        .filter(call -> call.path().equals(path))
        .map(WebhookSetup::number)
        .toList();
  }

  List<JsonNode> deliveries(JsonNode endpoint, String query) {
    var page =
        api.get("/v1/webhook_endpoints/" + endpoint.path("id").asText() + "/deliveries?" + query);
    var all = new ArrayList<JsonNode>();
    page.json().path("data").forEach(all::add);
    return all;
  }

  void until(JsonNode endpoint, String status, int count) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> deliveries(endpoint, "status=" + status).size() == count);
  }

  int count(String table) {
    return jdbc.one("SELECT count(*)::int AS n FROM " + table, row -> row.integer("n"))
        .orElseThrow();
  }
}
