package dev.threadmill.debuglogs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class DebugLogsTest {
  private static final String CHAT =
      "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}";

  private final ApiClient admin = ApiClient.admin();
  private String project;
  private ApiClient api;
  private String log;

  @Inject Jdbc jdbc;
  @Inject ExpireDebugLogs expiry;

  FakeProvider provider;

  @BeforeEach
  void setUp() {
    provider.reset();
    project = admin.post("/v1/projects", "{\"name\": \"debugged\"}").id();
    var key = admin.post("/v1/projects/" + project + "/api_keys", "{}");
    api = ApiClient.withKey(key.json().path("value").asText());
    log = "/v1/projects/" + project + "/logs/debug";
  }

  @Test
  void aRunThatAsksForItIsKeptWithItsPromptsAndAnswersAndOthersAreNot() {
    // Given
    provider.otherwise(_ -> Reply.text("The answer is blue."));
    var debugged = new ToolRuns(api.with("OpenAI-Log-Level", "debug"));
    var assistant = new ToolRuns(api).assistant("gpt-4o", "\"instructions\": \"Be brief.\",");

    // When
    new ToolRuns(api).run(assistant, "Not kept");
    var run = debugged.run(assistant, "What is the answer?");

    // Then
    var calls = entries("run_id=" + run.run().path("id").asText());
    assertThat(calls).hasSize(1);
    assertThat(calls.getFirst().path("kind").asText()).isEqualTo("model_call");
    assertThat(calls.getFirst().has("content")).isFalse();
    var call = content(calls.getFirst());
    assertThat(call.at("/request/messages").toString())
        .contains("Be brief.", "What is the answer?");
    assertThat(call.at("/response/text").asText()).isEqualTo("The answer is blue.");
    var requests =
        entries("request_id=" + calls.getFirst().path("request_id").asText()).stream()
            .filter(entry -> entry.path("kind").asText().equals("request"))
            .toList();
    assertThat(requests).hasSize(1);
    var request = content(requests.getFirst());
    assertThat(request.path("path").asText()).isEqualTo("/v1/threads/runs");
    assertThat(request.at("/body/thread/messages/0/content").asText())
        .isEqualTo("What is the answer?");
    assertThat(request.at("/headers/authorization").asText()).isEqualTo("…");
    assertThat(entries("limit=100"))
        .filteredOn(entry -> entry.path("kind").asText().equals("model_call"))
        .hasSize(1);
    assertThat(stored()).doesNotContain("answer");
  }

  @Test
  void aProjectThatIsSetSoKeepsAllItsChangesAndEachAccessIsAnEvent() {
    // Given
    provider.otherwise(_ -> Reply.text("Hello."));
    var set = admin.post(log + "/settings", "{\"enabled\": true}");
    assertThat(set.json().path("enabled").asBoolean()).as(set.text()).isTrue();
    assertThat(set.json().path("after_retention").asText()).isEqualTo("delete");

    // When
    api.post("/v1/chat/completions", CHAT.formatted("Hi"));
    api.get("/v1/models");
    var kept = entries("");
    content(kept.getFirst());
    admin.post(log + "/settings", "{\"enabled\": false}");
    api.post("/v1/chat/completions", CHAT.formatted("Hi"));

    // Then
    assertThat(kept)
        .extracting(entry -> entry.path("kind").asText())
        .containsExactlyInAnyOrder("request", "model_call");
    assertThat(entries("")).hasSize(2);
    assertThat(
            jdbc.list(
                "SELECT payload FROM outbox WHERE project_id = ? AND type = 'debug_log.accessed'",
                row -> row.text("payload"),
                project))
        .singleElement()
        .asString()
        .contains(kept.getFirst().path("id").asText(), "\"read\"", "key");
  }

  @Test
  void nothingIsKeptOfAProjectWithAStrictAssistant() {
    provider.otherwise(_ -> Reply.text("Hello."));
    var assistant = new ToolRuns(api).assistant("gpt-4o", "");
    jdbc.update("UPDATE assistants SET privacy = '{\"mode\": \"strict\"}' WHERE id = ?", assistant);

    api.with("OpenAI-Log-Level", "debug").post("/v1/chat/completions", CHAT.formatted("Secret"));

    assertThat(entries("")).isEmpty();
  }

  @Test
  void nothingIsKeptOfAProjectWhosePrivacyIsStrict() {
    provider.otherwise(_ -> Reply.text("Hello."));
    jdbc.update("ALTER TABLE projects ADD COLUMN IF NOT EXISTS privacy jsonb");
    jdbc.update("UPDATE projects SET privacy = '{\"mode\": \"strict\"}' WHERE id = ?", project);

    api.with("OpenAI-Log-Level", "debug").post("/v1/chat/completions", CHAT.formatted("Secret"));

    assertThat(entries("")).isEmpty();
  }

  @Test
  void whatExceedsTheBoundOfAProjectIsNotKept() {
    provider.otherwise(_ -> Reply.text("Hello."));
    jdbc.update(
        """
        INSERT INTO debug_logs (id, project_id, request_id, kind, created_at, bytes, truncated,
          content) VALUES ('dbg_' || ?, ?, 'req_other', 'request', now(), 268435000, false, '')
        """,
        project,
        project);

    api.with("OpenAI-Log-Level", "debug").post("/v1/chat/completions", CHAT.formatted("Hi"));

    assertThat(entries("")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"delete", "archive"})
  void afterSevenDaysEntriesAreDeletedOrArchived(String after) {
    // Given
    provider.otherwise(_ -> Reply.text("Hello."));
    admin.post(log + "/settings", "{\"after_retention\": \"%s\"}".formatted(after));
    api.with("OpenAI-Log-Level", "debug").post("/v1/chat/completions", CHAT.formatted("Old one"));
    age(6);
    expiry.expire();
    assertThat(entries("")).hasSize(2).noneMatch(entry -> entry.path("archived").asBoolean());

    // When
    age(2);
    expiry.expire();

    // Then
    if (after.equals("delete")) {
      assertThat(entries("")).isEmpty();
      return;
    }
    assertThat(entries("")).hasSize(2).allMatch(entry -> entry.path("archived").asBoolean());
    assertThat(stored()).isEmpty();
    for (var entry : entries("")) {
      assertThat(content(entry).toString()).contains("Old one");
    }
    assertThat(blobs()).isEqualTo(1);
    var deleted = admin.delete(log);
    assertThat(deleted.json().path("entries").asInt()).isEqualTo(2);
    assertThat(entries("")).isEmpty();
    assertThat(blobs()).isZero();
  }

  @Test
  void debugLogsAreForAdminsOnly() {
    for (var path : List.of(log, log + "/settings", log + "/dbg_x")) {
      assertThat(api.get(path).status()).as(path).isEqualTo(403);
      assertThat(ApiClient.user().get(path).status()).as(path).isEqualTo(404);
    }
    assertThat(admin.get(log + "/dbg_x").status()).isEqualTo(404);
    assertThat(admin.post(log + "/settings", "{\"after_retention\": \"x\"}").status())
        .isEqualTo(400);
  }

  private List<JsonNode> entries(String query) {
    var page = admin.get(log + "?" + query);
    assertThat(page.status()).as(page.text()).isEqualTo(200);
    var entries = new ArrayList<JsonNode>();
    page.json().path("data").forEach(entries::add);
    return entries;
  }

  private JsonNode content(JsonNode entry) {
    var read = admin.get(log + "/" + entry.path("id").asText());
    assertThat(read.status()).as(read.text()).isEqualTo(200);
    return read.json().path("content");
  }

  private void age(int days) {
    jdbc.update(
        "UPDATE debug_logs SET created_at = created_at - ? * interval '1 day' WHERE project_id = ?",
        days,
        project);
  }

  /** The contents as the database has them. */
  private String stored() {
    return jdbc.one(
            "SELECT coalesce(string_agg(content, ''), '') AS all FROM debug_logs WHERE project_id = ?",
            row -> row.text("all"),
            project)
        .orElseThrow();
  }

  private int blobs() {
    return jdbc.one(
            """
            SELECT count(*)::int AS n FROM file_blobs WHERE project_id = ? AND state = 'stored'
            """,
            row -> row.integer("n"),
            project)
        .orElseThrow();
  }
}
