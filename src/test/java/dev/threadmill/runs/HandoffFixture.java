package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A front desk that hands over to a lawyer. */
abstract class HandoffFixture {
  static final Duration PATIENCE = Duration.ofSeconds(20);
  static final String OVER = "{\"message\": \"They ask about clause 5.\"}";
  static final String ANSWER = "Clause 5 is binding, and it will stay so.";

  final ApiClient api = ApiClient.user();
  final ToolRuns runs = new ToolRuns(api);
  final String front = model("front");
  final String legal = model("legal");

  FakeProvider provider;

  @Inject SettableClock clock;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void now() {
    clock.reset();
  }

  static String model(String name) {
    return name + "-" + UUID.randomUUID();
  }

  static String handoff(String target) {
    return "{\"type\": \"agent_routing\", \"targets\": [\"%s\"], \"mode\": \"handoff\"}"
        .formatted(target);
  }

  String lawyer(String... tools) {
    return runs.assistant(legal, "\"name\": \"Lawyer\",", tools);
  }

  String desk(String target) {
    return runs.assistant(front, "", handoff(target));
  }

  SseStream stream(String assistant) {
    return api.stream(
        "/v1/threads/runs",
        "{\"assistant_id\": \"%s\", \"stream\": true, \"thread\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}}"
            .formatted(assistant));
  }

  JsonNode answering(JsonNode run) {
    var calls =
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(20))
            .until(
                () ->
                    api.get(path(run) + "/steps?order=asc")
                        .json()
                        .at("/data/0/step_details/tool_calls/0"),
                call -> call.has("run_id"));
    return api.get(
            "/v1/threads/%s/runs/%s"
                .formatted(calls.path("thread_id").asText(), calls.path("run_id").asText()))
        .json();
  }

  void awaitStatus(JsonNode run, String status) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> assertThat(api.get(path(run)).json().path("status").asText()).isEqualTo(status));
  }

  static String delta(JsonNode message) {
    return message.at("/delta/content/0/text/value").asText();
  }
}
