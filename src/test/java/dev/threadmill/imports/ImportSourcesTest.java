package dev.threadmill.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ImportId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sources of imports, and what becomes of imports that are interrupted. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(180)
class ImportSourcesTest {
  @Inject Jdbc jdbc;
  @Inject ImportStore imports;

  private static JsonNode messages(ApiClient caller, JsonNode thread) {
    return caller
        .get("/v1/threads/" + thread.path("id").asText() + "/messages?order=asc")
        .json()
        .path("data");
  }

  @Test
  void agentFilesOfLettaAndRowsOfOpenAssistantApiBecomeAssistantsAndThreads() {
    var caller = ApiClient.stranger();
    var agent =
        """
        {"agents": [{"id": "agent-0", "name": "Sam", "system": "You are Sam.", "block_ids": ["block-0"],
          "tool_ids": ["tool-0", "tool-1"], "llm_config": {"model": "gpt-x"}, "messages": [
            {"id": "message-0", "role": "system", "content": [{"type": "text", "text": "You are Sam."}]},
            {"id": "message-1", "role": "user", "content": [{"type": "text",
              "text": "{\\"type\\": \\"user_message\\", \\"message\\": \\"Hi\\"}"}]},
            {"id": "message-2", "role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
            {"id": "message-3", "role": "user", "content": [{"type": "text",
              "text": "{\\"type\\": \\"heartbeat\\"}"}]}]}],
         "blocks": [{"id": "block-0", "label": "human", "value": "Name: Kim"}], "groups": [],
         "files": [], "sources": [], "mcp_servers": [], "tools": [
           {"id": "tool-0", "tool_type": "letta_core", "json_schema": {"name": "send_message"}},
           {"id": "tool-1", "tool_type": "custom", "json_schema": {"name": "roll",
             "description": "d", "parameters": {"type": "object", "properties": {}}}}]}
        """;
    var rows =
        """
        {"id": "65a1b2", "object": "assistant", "model": "gpt-y", "name": "Row", "tools": "[{\\"type\\": \\"code_interpreter\\"}]", "file_ids": null, "metadata": "{\\"a\\": 1}", "created_at": "2024-01-02 03:04:05", "updated_at": null, "extra_body": null}
        {"id": "65a1b3", "object": "thread", "metadata": null, "tool_resources": null, "created_at": "2024-01-02 03:04:06", "updated_at": null}
        {"id": "65a1b5", "object": "thread.message", "thread_id": "65a1b3", "role": "assistant", "content": "[{\\"type\\": \\"text\\", \\"text\\": {\\"value\\": \\"B\\", \\"annotations\\": []}}]", "assistant_id": "65a1b2", "run_id": "65a1b9", "created_at": "2024-01-02 03:04:08"}
        {"id": "65a1b4", "object": "thread.message", "thread_id": "65a1b3", "role": "user", "content": [{"type": "text", "text": {"value": "A", "annotations": []}}], "file_ids": [], "created_at": "2024-01-02 03:04:07"}
        """;

    var imported =
        ImportCalls.importOf(
            caller,
            "{\"file_ids\": [\"%s\", \"%s\"]}"
                .formatted(
                    ImportCalls.upload(caller, "sam.af", agent),
                    ImportCalls.upload(caller, "rows.jsonl", rows)));

    assertThat(imported.path("status").asText()).as(imported.toString()).isEqualTo("completed");
    var assistants = caller.get("/v1/assistants?order=asc").json().path("data");
    assertThat(assistants).hasSize(2);
    var row = assistants.get(0);
    assertThat(row.path("name").asText()).isEqualTo("Row");
    assertThat(row.path("created_at").asLong()).isEqualTo(1704164645);
    assertThat(row.at("/tools/0/type").asText()).isEqualTo("code_interpreter");
    var sam = assistants.get(1);
    assertThat(sam.path("instructions").asText()).startsWith("You are Sam.").endsWith("Name: Kim");
    assertThat(sam.path("tools")).hasSize(1);
    assertThat(sam.at("/tools/0/function/name").asText()).isEqualTo("roll");
    var threads = caller.get("/v1/threads?order=asc").json().path("data");
    assertThat(texts(messages(caller, threads.get(0)))).containsExactly("A", "B");
    assertThat(texts(messages(caller, threads.get(1)))).containsExactly("Hi", "Hello");
    assertThat(threads.get(1).path("assistant_id")).isEqualTo(sam.path("id"));
  }

  private static List<String> texts(JsonNode messages) {
    var texts = new ArrayList<String>();
    messages.forEach(each -> texts.add(each.at("/content/0/text/value").asText()));
    return texts;
  }

  @Test
  void aServerIsReadPageByPageWithItsKey() {
    var caller = ApiClient.stranger();
    try (var server = RecordingServer.start()) {
      server.on(
          "/api",
          (exchange, call) -> {
            var answer = answer(call.path() + (call.query().contains("after") ? "+" : ""));
            RecordingServer.reply(
                exchange,
                answer == null ? 404 : 200,
                "application/json",
                answer == null ? "{}" : answer);
          });
      var request =
          """
          {"server": {"base_url": "%s/", "api_key": "sk-there", "api_version": "2024-05-01",
            "thread_ids": ["thread_a", "thread_none"]}}"""
              .formatted(server.url("/api"));

      var imported = ImportCalls.importOf(caller, request);

      assertThat(imported.path("status").asText()).as(imported.toString()).isEqualTo("completed");
      assertThat(imported.toString()).doesNotContain("sk-there").contains("thread_none");
      assertThat(server.calls())
          .allSatisfy(
              call -> {
                assertThat(call.header("authorization")).isEqualTo("Bearer sk-there");
                assertThat(call.query()).contains("api-version=2024-05-01");
              });
      assertThat(caller.get("/v1/assistants").json().path("data")).hasSize(2);
      var thread = caller.get("/v1/threads").json().path("data").get(0);
      assertThat(texts(messages(caller, thread))).containsExactly("m1", "m2");
      var files = caller.get("/v1/files").json().path("data");
      assertThat(files).hasSize(1);
      assertThat(caller.get("/v1/files/" + files.get(0).path("id").asText() + "/content").text())
          .isEqualTo("{\"c\":1}");
      assertThat(
              jdbc.list("SELECT id FROM imports WHERE secret IS NOT NULL", row -> row.text("id")))
          .isEmpty();
      var again = ImportCalls.importOf(caller, request);
      assertThat(again.at("/counts/assistant/present").asInt()).isEqualTo(2);
    }
  }

  private static String answer(String path) {
    return switch (path) {
      case "/api/assistants" ->
          "{\"data\": [{\"id\": \"asst_1\", \"model\": \"m\"}], \"has_more\": true, \"last_id\": \"asst_1\"}";
      case "/api/assistants+" ->
          "{\"data\": [{\"id\": \"asst_2\", \"model\": \"m\"}], \"has_more\": false}";
      case "/api/files" ->
          "{\"data\": [{\"id\": \"file-1\", \"filename\": \"c.json\", \"purpose\": \"assistants\"}]}";
      case "/api/files/file-1/content" -> "{\"c\":1}";
      case "/api/vector_stores" -> "{\"data\": [{\"id\": \"vs_1\", \"name\": null}]}";
      case "/api/vector_stores/vs_1/files" -> "{\"data\": [{\"id\": \"file-1\"}]}";
      case "/api/threads/thread_a" -> "{\"id\": \"thread_a\", \"metadata\": null}";
      case "/api/threads/thread_a/messages" ->
          "{\"data\": [{\"id\": \"msg_1\", \"thread_id\": \"thread_a\", \"role\": \"user\","
              + " \"content\": [{\"type\": \"text\", \"text\": {\"value\": \"m1\"}}]}],"
              + " \"has_more\": true, \"last_id\": \"msg_1\"}";
      case "/api/threads/thread_a/messages+" ->
          "{\"data\": [{\"id\": \"msg_2\", \"thread_id\": \"thread_a\", \"role\": \"assistant\","
              + " \"content\": [{\"type\": \"text\", \"text\": {\"value\": \"m2\"}}]}]}";
      default -> null;
    };
  }

  @Test
  void anImportThatItsNodeHasLeftIsContinuedWhereItWas() {
    var caller = ApiClient.stranger();
    var lines =
        """
        {"object": "assistant", "id": "asst_first", "model": "m"}
        {"object": "assistant", "id": "asst_second", "model": "m"}
        """;
    var file = ImportCalls.upload(caller, "lines.jsonl", lines);
    var project = project(file);
    // Given: a node has read the first line, and holds the import
    jdbc.update(
        """
        INSERT INTO imports (id, project_id, created_at, status, stage, request, position, due, claim)
        VALUES ('import_left', ?, now(), 'in_progress', 'reading', ?::jsonb, ?::jsonb,
          now() + interval '1 hour', 3)
        """,
        project,
        "{\"file_ids\": [\"%s\"], \"keep_ids\": false, \"source\": \"files\"}".formatted(file),
        "{\"file\": 0, \"offset\": %d, \"lines\": true, \"ordinal\": 1}"
            .formatted(lines.indexOf('\n') + 1));
    var held = imports.find(new ProjectId(project), new ImportId("import_left")).orElseThrow();
    jdbc.update(
        """
        INSERT INTO import_items (import_id, kind, parent, source_id, at, ordinal, size, body)
        VALUES ('import_left', 'assistant', '', 'asst_first', now(), 1, 2,
          '{"id": "asst_first", "model": "m"}')
        """);

    jdbc.update("UPDATE imports SET due = '-infinity' WHERE id = 'import_left'");
    ImportCalls.importText(caller, "{\"object\": \"thread\", \"id\": \"wakes\"}", false);

    var ended = ImportCalls.ended(caller, "import_left");
    assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
    assertThat(ended.at("/counts/assistant/read").asInt()).isEqualTo(1);
    assertThat(ended.at("/counts/assistant/created").asInt()).isEqualTo(2);
    assertThatThrownBy(() -> imports.enter(held, ImportJob.Stage.FILES))
        .isInstanceOf(ImportStore.LostImportException.class);
  }

  private String project(String file) {
    return jdbc.one(
            "SELECT project_id FROM files WHERE id = ?", row -> row.text("project_id"), file)
        .orElseThrow();
  }

  @Test
  void anImportThatHasEndedLongAgoIsDeletedAndItsObjectsStayKnown() {
    var caller = ApiClient.stranger();
    var source = "{\"object\": \"thread\", \"id\": \"old\"}\nno object";
    var ended = ImportCalls.importText(caller, source, false);
    var path = "/v1/imports/" + ended.path("id").asText();
    imports.deleteOld(Duration.ofDays(90), 100);
    assertThat(caller.get(path).json().path("problems")).hasSize(1);
    jdbc.update(
        "UPDATE imports SET completed_at = now() - interval '91 days' WHERE id = ?",
        ended.path("id").asText());

    assertThat(imports.deleteOld(Duration.ofDays(90), 100)).isEqualTo(1);

    assertThat(caller.get(path).status()).isEqualTo(404);
    assertThat(
            jdbc.list(
                "SELECT number FROM import_problems WHERE import_id = ?",
                row -> row.bigint("number"),
                ended.path("id").asText()))
        .isEmpty();
    var again = ImportCalls.importText(caller, source, false);
    assertThat(again.at("/counts/thread/present").asInt()).isEqualTo(1);
  }

  @Test
  void anImportIsCancelledOnceAndIsNotFoundByStrangers() {
    var caller = ApiClient.stranger();
    try (var server = RecordingServer.start()) {
      server.on("/api", RecordingServer.json(503, "{}"));
      var started =
          caller.post(
              "/v1/imports", "{\"server\": {\"base_url\": \"%s\"}}".formatted(server.url("/api")));
      await().until(() -> !server.calls().isEmpty());

      assertThat(ApiClient.stranger().get("/v1/imports/" + started.id()).status()).isEqualTo(404);
      var cancelled = caller.post("/v1/imports/" + started.id() + "/cancel", null);

      assertThat(cancelled.json().path("status").asText()).isEqualTo("cancelled");
      assertThat(caller.post("/v1/imports/" + started.id() + "/cancel", null).status())
          .isEqualTo(400);
      assertThat(caller.get("/v1/imports").json().path("data")).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|file_ids",
        "{\"file_ids\": []}|file_ids",
        "{\"file_ids\": [\"file-nope\"]}|file_ids[0]",
        "{\"server\": {}}|server.base_url",
        "{\"server\": {\"base_url\": \"ftp://x\"}}|server.base_url",
        "{\"server\": {\"base_url\": \"https://u:p@x\"}}|server.base_url",
        "{\"server\": {\"base_url\": \"https://x\", \"thread_ids\": [\"../a\"]}}|server.thread_ids",
        "{\"server\": {\"base_url\": \"https://x\", \"api_key\": \"a b\"}}|server.api_key",
        "{\"server\": {\"base_url\": \"https://x\"}, \"source\": \"a b\"}|source",
      })
  void aRequestThatIsNotValidNamesTheField(String request, String field) {
    var answer = ApiClient.user().post("/v1/imports", request);

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo(field);
  }

  @Test
  void aServerAtAnAddressThatToolsMayNotReachIsNotRead() {
    var imported =
        ImportCalls.importOf(
            ApiClient.stranger(), "{\"server\": {\"base_url\": \"http://169.254.169.254/v1\"}}");

    assertThat(imported.path("status").asText()).isEqualTo("failed");
    assertThat(imported.path("error").asText()).startsWith("The server cannot be reached");
  }
}
