package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Projects;
import org.junit.jupiter.api.Test;

/** Payloads of the version before. */
class StoredPayloadTest {
  private static Activity read(String payload) {
    var event =
        new OutboxEvent(
            "evt_1",
            Projects.DEFAULT,
            new ThreadId("thread_1"),
            "run.completed",
            StoredPayload.current(Json.tree(payload)));
    return Activity.of(event).orElseThrow();
  }

  @Test
  void theToolsOfARunBecomeADetailAndItsFlagAText() {
    var activity =
        read(
            """
            {"event": "run.completed", "timestamp": "2026-11-30T06:12:45.103Z",
             "project_id": "proj_default", "tool": ["a", "b"], "latency_ms": 812,
             "input_tokens": 4, "output_tokens": 2, "safety_flag": true, "status": "completed"}
            """);

    assertThat(activity.tool()).isNull();
    assertThat(activity.details().path("tools").toString()).isEqualTo("[\"a\",\"b\"]");
    assertThat(activity.safetyFlag()).isEqualTo("content_filter");
    assertThat(activity.isRunEnd()).isTrue();
    assertThat(activity.latencyMs()).isEqualTo(812);
  }

  @Test
  void aRunWithoutToolsAndFlagHasNeither() {
    var activity = read("{\"event\": \"run.failed\", \"tool\": [], \"safety_flag\": false}");

    assertThat(activity.tool()).isNull();
    assertThat(activity.details()).isNull();
    assertThat(activity.safetyFlag()).isNull();
  }

  @Test
  void aPayloadOfThisVersionStaysAsItIs() {
    var payload = "{\"event\":\"tool_call\",\"tool\":\"a\",\"safety_flag\":\"safety.strict\"}";

    assertThat(StoredPayload.current(Json.tree(payload)).toString()).isEqualTo(payload);
  }
}
