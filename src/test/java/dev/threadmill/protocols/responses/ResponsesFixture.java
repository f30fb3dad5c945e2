package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Requests for responses of a model of the test. */
abstract class ResponsesFixture {
  static final String TOOL =
      "\"tools\": [{\"type\": \"function\", \"name\": \"ask\", \"parameters\": {\"type\": \"object\","
          + " \"properties\": {}}}]";

  final ApiClient user = ApiClient.user();
  final ReplyGate gate = new ReplyGate();
  final String model = "resp-" + UUID.randomUUID();
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @AfterEach
  void letEverythingGo() {
    gate.open();
  }

  String body(String fields) {
    return "{\"model\": \"%s\", %s}".formatted(model, fields);
  }

  JsonNode create(String fields) {
    var response = user.post("/v1/responses", body(fields));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  List<SseStream.Frame> stream(String fields) {
    try (var stream = user.stream("/v1/responses", body(fields + ", \"stream\": true"))) {
      return stream.rest();
    }
  }

  static String text(JsonNode response) {
    var text = new StringBuilder();
    response
        .path("output")
        .forEach(
            item -> item.path("content").forEach(part -> text.append(part.path("text").asText())));
    return text.toString();
  }

  static List<String> types(JsonNode response) {
    var types = new ArrayList<String>();
    response.path("output").forEach(item -> types.add(item.path("type").asText()));
    return types;
  }

  JsonNode messagesOfLastRequest() {
    return provider.lastRequest().body().path("messages");
  }

  JsonNode until(JsonNode response, String status) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> user.get("/v1/responses/" + response.path("id").asText()).json(),
            now -> now.path("status").asText().equals(status));
  }
}
