package dev.threadmill.projects.idempotency;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.ToolRuns;
import jakarta.inject.Inject;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/** A client that sends each of its requests with the same idempotency key. */
abstract class IdempotencyFixture {
  static final String MESSAGE = "{\"role\": \"user\", \"content\": \"hi\"}";

  final ApiClient user = ApiClient.user();
  final ApiClient keyed = keyed(user);
  final ToolRuns runs = new ToolRuns(user);
  @Inject Jdbc jdbc;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    jdbc.update("DELETE FROM idempotency_keys");
  }

  static ApiClient keyed(ApiClient api) {
    return api.with("Idempotency-Key", UUID.randomUUID().toString());
  }

  static boolean replayed(ApiClient.Response answer) {
    return answer.headers().firstValue("idempotent-replayed").equals(java.util.Optional.of("true"));
  }

  String thread() {
    return "/v1/threads/" + user.post("/v1/threads", "{}").id();
  }

  static String id(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  JsonNode messages(String thread) {
    return user.get(thread + "/messages").json().path("data");
  }

  long keys(String condition) {
    return jdbc.one(
            "SELECT count(*) AS n FROM idempotency_keys WHERE " + condition, row -> row.bigint("n"))
        .orElseThrow();
  }
}
