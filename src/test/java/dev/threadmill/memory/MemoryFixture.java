package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;

/** A thread whose assistant has a memory, and the background work of the memory on demand. */
abstract class MemoryFixture {
  static final Set<String> ENDS = Set.of("completed", "failed", "incomplete", "cancelled");
  static final String LAST_TWO =
      "\"truncation_strategy\": {\"type\": \"last_messages\", \"last_messages\": 2}";

  final ApiClient user = ApiClient.user();
  FakeProvider provider;
  @Inject Jdbc jdbc;
  String thread;

  @BeforeEach
  void aThread() {
    provider.reset();
    jdbc.update("DELETE FROM memory_summary_queue");
    thread = user.post("/v1/threads", "{}").id();
  }

  String assistant(String memory) {
    var answer =
        user.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"instructions\": \"Be brief.\", \"memory\": " + memory + "}");
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.id();
  }

  void chat(int messages) {
    var topics =
        List.of(
            "The train leaves at nine.",
            "Noted.",
            "The printer is out of paper.",
            "I see.",
            "We painted the fence.",
            "Good.");
    for (int i = 0; i < messages; i++) {
      say(i % 2 == 0 ? "user" : "assistant", topics.get(i % topics.size()));
    }
  }

  String say(String role, String text) {
    var answer =
        user.post(
            "/v1/threads/" + thread + "/messages",
            Json.write(Map.of("role", role, "content", text)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.id();
  }

  JsonNode run(String assistant, String settings) {
    var run =
        user.post(
            "/v1/threads/" + thread + "/runs",
            "{\"assistant_id\": \"%s\"%s}"
                .formatted(assistant, settings == null ? "" : ", " + settings));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    return await()
        .until(
            () -> user.get("/v1/threads/" + thread + "/runs/" + run.id()).json(),
            json -> ENDS.contains(json.path("status").asText()));
  }

  JsonNode context(JsonNode run) {
    var steps = "/v1/threads/" + thread + "/runs/" + run.path("id").asText() + "/steps";
    var step = user.get(steps).json().path("data").get(0).path("id").asText();
    var context = user.get(steps + "/" + step + "/context");
    assertThat(context.status()).as(context.text()).isEqualTo(200);
    return context.json();
  }

  static JsonNode part(JsonNode context, String type) {
    for (var part : context.path("parts")) {
      if (part.path("type").asText().equals(type)) {
        return part;
      }
    }
    throw new AssertionError("no part " + type + " in " + context);
  }

  String path() {
    return "/v1/threads/" + thread + "/memory";
  }
}
