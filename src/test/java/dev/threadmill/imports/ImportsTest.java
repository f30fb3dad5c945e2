package dev.threadmill.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Imports and exports over HTTP. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(180)
class ImportsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Inject Jdbc jdbc;

  private record Originals(
      ApiClient caller, String file, String store, String assistant, String thread) {
    List<String> paths() {
      return List.of(
          "/v1/assistants/" + assistant,
          "/v1/threads/" + thread,
          "/v1/threads/" + thread + "/messages?order=asc",
          "/v1/files/" + file,
          "/v1/files/" + file + "/content");
    }
  }

  private static Originals create() {
    var caller = ApiClient.stranger();
    var file =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "notes.txt", "The deadline is Friday. ".repeat(40_000))
            .post(caller, "/v1/files")
            .id();
    var store =
        caller
            .post("/v1/vector_stores", "{\"name\": \"Notes\", \"metadata\": {\"k\": \"v\"}}")
            .id();
    var empty = new FormBody().field("purpose", "vision").file("file", "empty.txt", "");
    var added =
        caller.post(
            "/v1/vector_stores/" + store + "/files",
            "{\"file_id\": \"%s\", \"attributes\": {\"year\": 2026}}"
                .formatted(empty.post(caller, "/v1/files").id()));
    assertThat(added.status()).as(added.text()).isEqualTo(200);
    var assistant =
        caller
            .post(
                "/v1/assistants",
                """
                {"model": "rehearsal", "name": "Ada", "instructions": "Be brief.", "tools": [
                  {"type": "code_interpreter"}, {"type": "file_search"},
                  {"type": "function", "function": {"name": "f", "parameters": {"type": "object",
                    "properties": {"file_id": {"type": "string"}}}}}],
                 "tool_resources": {"code_interpreter": {"file_ids": ["%s"]},
                   "file_search": {"vector_store_ids": ["%s"]}},
                 "metadata": {"team": "x"}, "temperature": 0.5}"""
                    .formatted(file, store))
            .id();
    var thread =
        caller
            .post(
                "/v1/threads",
                """
                {"assistant_id": "%s", "metadata": {"user": "u1"}, "messages": [
                  {"role": "user", "content": "One", "metadata": {"file_id": "mine"}},
                  {"role": "assistant", "content": "Two \\u00e9"},
                  {"role": "user", "content": [{"type": "text", "text": "Three"},
                    {"type": "image_file", "image_file": {"file_id": "%s"}}],
                   "attachments": [{"file_id": "%s", "tools": [{"type": "code_interpreter"}]}]}]}"""
                    .formatted(assistant, file, file))
            .id();
    var run =
        caller.post(
            "/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                caller
                    .get("/v1/threads/" + thread + "/runs/" + run.id())
                    .json()
                    .path("completed_at")
                    .isNumber());
    return new Originals(caller, file, store, assistant, thread);
  }

  @Test
  void whatIsExportedIsTheSameAfterItsImportIntoAnotherProject() throws Exception {
    var originals = create();
    var before = originals.paths().stream().map(path -> originals.caller().get(path)).toList();
    var export = originals.caller().get("/v1/exports");
    assertThat(export.status()).isEqualTo(200);
    assertThat(export.headers().firstValue("content-type").orElse(""))
        .startsWith("application/jsonl");
    var lines = export.text().lines().toList();
    var end = JSON.readTree(lines.getLast());
    assertThat(end.path("object").asText()).isEqualTo("export.end");
    assertThat(end.at("/counts/thread.run").asInt()).isEqualTo(1);
    assertThat(end.at("/counts/thread.run.step").asInt()).isPositive();
    assertThat(end.at("/counts/file.content").asInt()).isEqualTo(2);

    // Given: the ids are another project's
    var other = ApiClient.stranger();
    var refused = ImportCalls.importText(other, export.text(), true);
    assertThat(refused.path("status").asText()).isEqualTo("completed");
    assertThat(refused.at("/counts/thread/failed").asInt()).isEqualTo(1);
    assertThat(refused.path("problems").toString()).contains("is taken");
    assertThat(other.get("/v1/threads").json().path("data")).isEmpty();

    deleteAll(originals);
    var imported = ImportCalls.importText(other, export.text(), true);

    assertThat(imported.path("status").asText()).as(imported.toString()).isEqualTo("completed");
    assertThat(imported.at("/counts/message/created").asInt()).as(imported.toString()).isEqualTo(4);
    assertThat(imported.at("/counts/run/not_taken").asInt()).isPositive();
    for (int i = 0; i < before.size(); i++) {
      var after = other.get(originals.paths().get(i));
      assertThat(after.text()).as(originals.paths().get(i)).isEqualTo(before.get(i).text());
    }
    var storeFiles =
        other.get("/v1/vector_stores/" + originals.store() + "/files").json().path("data");
    assertThat(storeFiles).hasSize(1);
    assertThat(storeFiles.get(0).at("/attributes/year").asInt()).isEqualTo(2026);

    // When: the same again
    var again = ImportCalls.importText(other, export.text(), true);

    assertThat(again.at("/counts/thread/present").asInt()).isEqualTo(1);
    assertThat(again.at("/counts/thread").has("created")).isFalse();
    assertThat(other.get("/v1/threads").json().path("data")).hasSize(1);
    assertThat(other.get("/v1/assistants").json().path("data")).hasSize(1);

    // And: a thread that was imported can be continued
    var run =
        other.post(
            "/v1/threads/" + originals.thread() + "/runs",
            "{\"assistant_id\": \"%s\"}".formatted(originals.assistant()));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
  }

  private void deleteAll(Originals originals) {
    var caller = originals.caller();
    caller.delete("/v1/threads/" + originals.thread());
    caller.delete("/v1/assistants/" + originals.assistant());
    caller.delete("/v1/vector_stores/" + originals.store());
    for (var file : caller.get("/v1/files").json().path("data")) {
      caller.delete("/v1/files/" + file.path("id").asText());
    }
    // A deleted store loses its entries in the background.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                jdbc.one(
                        "SELECT id FROM vector_stores WHERE id = ?",
                        row -> row.text("id"),
                        originals.store())
                    .isEmpty());
  }

  @Test
  void withoutTheirIdsObjectsNameEachOtherByNewOnes() {
    var originals = create();
    var other = ApiClient.stranger();

    var imported =
        ImportCalls.importText(other, originals.caller().get("/v1/exports").text(), false);

    assertThat(imported.path("status").asText()).as(imported.toString()).isEqualTo("completed");
    var assistant = other.get("/v1/assistants").json().path("data").get(0);
    var file = assistant.at("/tool_resources/code_interpreter/file_ids/0").asText();
    assertThat(file).isNotEqualTo(originals.file());
    assertThat(other.get("/v1/files/" + file).status()).isEqualTo(200);
    assertThat(assistant.at("/tools/2/function/parameters/properties").has("file_id")).isTrue();
    var thread = other.get("/v1/threads").json().path("data").get(0);
    assertThat(thread.path("assistant_id")).isEqualTo(assistant.path("id"));
    var messages =
        other
            .get("/v1/threads/" + thread.path("id").asText() + "/messages?order=asc")
            .json()
            .path("data");
    assertThat(messages).hasSize(4);
    assertThat(messages.get(0).at("/metadata/file_id").asText()).isEqualTo("mine");
    assertThat(messages.get(2).at("/content/1/image_file/file_id").asText()).isEqualTo(file);
    assertThat(messages.get(2).at("/attachments/0/file_id").asText()).isEqualTo(file);
    assertThat(messages.get(3).path("assistant_id")).isEqualTo(assistant.path("id"));
    assertThat(messages.get(3).path("run_id").isNull()).isTrue();
  }

  @Test
  void whatCannotBeTakenIsReportedAndTheRestIsTaken() {
    var caller = ApiClient.stranger();
    var source = new ArrayList<String>();
    source.add(
        "{\"object\":\"assistant\",\"id\":\"asst_ok\",\"model\":\"m\",\"extra\":1,"
            + "\"metadata\":{\"n\":7},\"tools\":[{\"type\":\"bing_grounding\"},{\"type\":\"code_interpreter\"},"
            + "{\"type\":\"webhook\",\"webhook\":{\"secret\":\"***\"}}]}");
    source.add("not json at all");
    source.add("{\"object\":\"assistant\",\"id\":\"asst_none\"}");
    source.add("{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}");
    source.add("{\"object\":\"poem\",\"id\":\"x\"}");
    source.add(
        "{\"object\":\"thread.message\",\"id\":\"msg_1\",\"role\":\"user\",\"content\":\"lost\"}");
    source.add(
        "{\"object\":\"thread.message\",\"id\":\"msg_2\",\"thread_id\":\"t\",\"role\":\"user\","
            + "\"created_at\":1e300,\"content\":\"a\\u0000b\"}");
    source.add(
        "{\"object\":\"thread.message\",\"id\":\"msg_2\",\"thread_id\":\"t\",\"role\":\"user\",\"content\":\"twice\"}");
    source.add(
        "{\"object\":\"thread.message\",\"id\":\"msg_3\",\"thread_id\":\"t\",\"role\":\"system\",\"content\":\"no\"}");
    source.add(
        "{\"object\":\"thread.message\",\"id\":\"msg_4\",\"thread_id\":\"t\",\"role\":\"user\","
            + "\"content\":[{\"type\":\"image_file\",\"image_file\":{\"file_id\":\"file-gone\"}},{\"type\":\"text\",\"text\":{\"value\":\"seen\"}}]}");
    source.add(
        "{\"object\":\"file\",\"id\":\"file-x\",\"filename\":\"../../etc/passwd\",\"bytes\":3}");
    source.add("{\"object\":\"file\",\"id\":\"file-y\",\"filename\":\"../y.txt\",\"bytes\":3}");
    source.add(
        "{\"object\":\"file.content\",\"file_id\":\"file-y\",\"offset\":0,\"data\":\"YWJjZA==\"}");
    source.add("{\"object\":\"file\",\"id\":\"file-z\",\"filename\":\"../z.txt\",\"bytes\":4}");
    source.add(
        "{\"object\":\"file.content\",\"file_id\":\"file-z\",\"offset\":0,\"data\":\"YWJjZA==\"}");
    source.add(
        "{\"object\":\"thread\",\"id\":\"big\",\"metadata\":{\"k\":\"" + "v".repeat(600) + "\"}}");

    var imported = ImportCalls.importText(caller, String.join("\n", source), false);

    assertThat(imported.path("status").asText()).as(imported.toString()).isEqualTo("completed");
    var problems = imported.path("problems").toString();
    assertThat(problems)
        .contains(
            "poem",
            "asst_none",
            "bing_grounding",
            "'extra'",
            "with a secret",
            "no object 'file.content'",
            "4 bytes in place of 3",
            "role 'system'",
            "metadata.k",
            "U+0000");
    assertThat(imported.at("/counts/assistant").toString())
        .isEqualTo("{\"created\":1,\"failed\":1,\"read\":2}");
    assertThat(imported.at("/counts/file/created").asInt()).isEqualTo(1);
    var assistant = caller.get("/v1/assistants").json().path("data").get(0);
    assertThat(assistant.at("/metadata/n").asText()).isEqualTo("7");
    assertThat(assistant.path("tools")).hasSize(1);
    var threads = caller.get("/v1/threads").json().path("data");
    assertThat(threads).hasSize(1);
    var messages = messages(caller, threads.get(0));
    assertThat(messages).hasSize(2);
    assertThat(messages.get(0).at("/content/0/text/value").asText()).isEqualTo("twice");
    assertThat(messages.get(1).path("content")).hasSize(1);
    assertThat(caller.get("/v1/files").json().path("data").toString()).doesNotContain("..");
  }

  private static JsonNode messages(ApiClient caller, JsonNode thread) {
    return caller
        .get("/v1/threads/" + thread.path("id").asText() + "/messages?order=asc")
        .json()
        .path("data");
  }
}
