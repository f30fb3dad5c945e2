package dev.threadmill.privacy;

import static dev.threadmill.privacy.PrivacyCorpus.ALL;
import static dev.threadmill.privacy.PrivacyCorpus.json;
import static dev.threadmill.privacy.PrivacyCorpus.leaks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The same through the doors of the memory, vector stores, webhooks, logs and debug logs. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PrivacyDoorsTest extends PrivacySetup {
  @Inject OutboxDelivery outbox;

  private String thread() {
    return post(
            "/v1/threads",
            "{\"metadata\": {\"about\": \"wendolyn.archer@example.org\"}, \"messages\": [{\"role\": \"user\", \"content\": %s}]}"
                .formatted(json(ALL)))
        .path("id")
        .asText();
  }

  @Test
  void theMemoryKeepsTokensAndIsSearchedByThem() {
    assistant(STRICT);
    var memory = "/v1/threads/" + thread() + "/memory";

    var summary = post(memory + "/summaries", "{\"text\": %s}".formatted(json(ALL)));
    var found = post(memory + "/search", "{\"query\": %s}".formatted(json(ALL)));

    assertThat(leaks(summary.toString()))
        .containsOnly("wendolyn.archer@example.org", "слава@почта.рф");
    assertThat(found.isMissingNode()).isFalse();
    assertNothingLeaked();
  }

  @Test
  void filesOfAVectorStoreAreIndexedAndFoundWithTokens() {
    assistant(STRICT);
    var form = new FormBody().field("purpose", "assistants").file("file", "corpus.txt", ALL);
    var file =
        api.with("Content-Type", FormBody.contentType()).send("POST", "/v1/files", form.bytes());
    var store =
        post("/v1/vector_stores", "{\"name\": \"s\", \"file_ids\": [\"%s\"]}".formatted(file.id()))
            .path("id")
            .asText();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                api.get("/v1/vector_stores/" + store).json().at("/file_counts/completed").asInt()
                    == 1);

    var found =
        post(
            "/v1/vector_stores/" + store + "/search",
            "{\"query\": \"wendolyn.archer@example.org\"}");

    assertThat(found.path("data")).isNotEmpty();
    assertThat(leaks(found.toString())).isSubsetOf("wendolyn.archer@example.org", "слава@почта.рф");
    assertNothingLeaked();
  }

  @Test
  void webhooksLogsAndDebugLogsHaveTokens() {
    receiver.on("/hook", RecordingServer.json(200, "{}"));
    var assistant = assistant(STRICT);
    post(
        "/v1/webhook_endpoints",
        "{\"name\": \"hook\", \"url\": \"%s\", \"event_types\": [\"*\"]}"
            .formatted(receiver.url("/hook")));
    outbox.registerFromNow(outbox.sink("webhooks"));
    outbox.registerFromNow(outbox.sink("event_log"));
    provider.reply(Reply.text("I have: " + ALL));

    var debugged = api.with("OpenAI-Log-Level", "debug");
    var run =
        debugged.post(
            "/v1/threads/" + thread() + "/runs",
            "{\"assistant_id\": \"%s\", \"metadata\": {\"for\": \"wendolyn.archer@example.org\"}}"
                .formatted(assistant));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    assertThat(runs.stopped(run.json()).status()).isEqualTo("completed");
    outbox.deliver(outbox.sink("webhooks"));
    outbox.deliver(outbox.sink("event_log"));

    assertThat(
            jdbc.list(
                "SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id"
                    + " WHERE e.project_id = ?",
                row -> row.text("id"),
                project))
        .isNotEmpty();
    assertThat(
            jdbc.list(
                "SELECT id FROM debug_logs WHERE project_id = ?", row -> row.text("id"), project))
        .isEmpty();
    assertThat(api.get("/v1/projects/" + project + "/logs").json().path("data")).isNotEmpty();
    assertThat(ApiClient.anonymous().get("/metrics").text()).isNotEmpty();
    assertNothingLeaked();
  }
}
