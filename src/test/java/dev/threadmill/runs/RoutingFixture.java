package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.ToolRuns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/** Assistants that route calls to others, and their runs. */
abstract class RoutingFixture {
  static final Duration PATIENCE = Duration.ofSeconds(20);
  static final String ASK = "{\"message\": \"Is it binding?\"}";

  static final String HELLO = "{\"role\": \"user\", \"content\": \"Hello\"}";

  final ApiClient api = ApiClient.user();
  final ToolRuns runs = new ToolRuns(api);
  final String front = model("front");
  final String legal = model("legal");

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  /** A model that no other test uses. */
  static String model(String name) {
    return name + "-" + UUID.randomUUID();
  }

  String legalAdvisor(String... tools) {
    return runs.assistant(legal, "\"name\": \"Legal Advisor AI\",", tools);
  }

  String frontDesk(String... targets) {
    return runs.assistant(front, "", routing("delegate", "", targets));
  }

  static String routing(String mode, String more, String... targets) {
    return "{\"type\": \"agent_routing\", \"agent_routing\": {\"targets\": [\"%s\"], \"mode\": \"%s\"%s}}"
        .formatted(String.join("\", \"", targets), mode, more);
  }

  static String id(JsonNode run) {
    return run.path("id").asText();
  }

  /** The run that a call was routed to. */
  JsonNode routedTo(JsonNode call) {
    return api.get(
            "/v1/threads/%s/runs/%s"
                .formatted(call.path("thread_id").asText(), call.path("run_id").asText()))
        .json();
  }

  /** The first call of a run, once it has been routed. */
  JsonNode routedCall(JsonNode run) {
    return routedCalls(run, 1).getFirst();
  }

  List<JsonNode> routedCalls(JsonNode run, int count) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              var calls = new ArrayList<JsonNode>();
              for (var step : api.get(path(run) + "/steps?order=asc").json().path("data")) {
                for (var call : step.at("/step_details/tool_calls")) {
                  if (call.has("run_id")) {
                    calls.add(call);
                  }
                }
              }
              return calls;
            },
            calls -> calls.size() == count);
  }

  String status(JsonNode run) {
    return api.get(path(run)).json().path("status").asText();
  }

  void awaitStatus(JsonNode run, String status) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(status(run)).isEqualTo(status));
  }

  static String error(String type) {
    return "{\"error\":{\"type\":\"" + type + "\"";
  }
}
