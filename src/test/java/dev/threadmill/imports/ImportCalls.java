package dev.threadmill.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

/** Uploads sources and awaits their imports. */
final class ImportCalls {
  private static final Set<String> OPEN = Set.of("queued", "in_progress");

  private ImportCalls() {}

  /** The id of an uploaded file. */
  static String upload(ApiClient caller, String name, String content) {
    var created =
        new FormBody()
            .field("purpose", "user_data")
            .file("file", name, "application/jsonl", content.getBytes(StandardCharsets.UTF_8))
            .post(caller, "/v1/files");
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.id();
  }

  /** Imports a text and waits for the end. */
  static JsonNode importText(ApiClient caller, String content, boolean keepIds) {
    return importOf(
        caller,
        "{\"file_ids\": [\"%s\"], \"keep_ids\": %s}"
            .formatted(upload(caller, "source.jsonl", content), keepIds));
  }

  /** Imports and waits for the end. */
  static JsonNode importOf(ApiClient caller, String request) {
    var started = caller.post("/v1/imports", request);
    assertThat(started.status()).as(started.text()).isEqualTo(200);
    return ended(caller, started.id());
  }

  static JsonNode ended(ApiClient caller, String id) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> caller.get("/v1/imports/" + id).json(),
            found -> !OPEN.contains(found.path("status").asText()));
  }
}
