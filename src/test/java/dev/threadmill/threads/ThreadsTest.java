package dev.threadmill.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ActiveRunRow;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ClassConstants;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.arc.All;
import io.quarkus.arc.ClientProxy;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ThreadsTest {
  private final ApiClient user = ApiClient.user();
  @Inject Jdbc jdbc;
  @Inject Ids ids;
  @All @Inject List<ThreadLifecycle> features;

  @Test
  void aThreadCanBeCreatedFromNothingOrAnEmptyBody() {
    for (var body : new String[] {null, "", "{}"}) {
      var created = user.post("/v1/threads", body);

      assertThat(created.status()).as(created.text()).isEqualTo(200);
      assertThat(created.id()).startsWith("thread_");
      assertThat(created.json().properties().stream().map(Map.Entry::getKey))
          .containsExactly(
              "id",
              "object",
              "created_at",
              "tool_resources",
              "metadata",
              "assistant_id",
              "status",
              "forked_from");
      assertThat(created.json().path("status").asText()).isEqualTo("active");
      assertThat(user.get("/v1/threads/" + created.id()).json()).isEqualTo(created.json());
    }
    assertThat(user.send("POST", "/v1/threads", null).status()).isEqualTo(200);
  }

  @Test
  void whatCurlSendsWithoutAContentTypeIsReadAsJson() {
    var curl = user.with("Content-Type", "application/x-www-form-urlencoded");

    var created = curl.post("/v2/threads", "{\"metadata\": {\"case_id\": \"CASE-2026-0456\"}}");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("metadata").path("case_id").asText())
        .isEqualTo("CASE-2026-0456");
  }

  @Test
  void aThreadIsCreatedWithItsMessagesInTheirOrder() {
    var created =
        user.post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
                          {"role": "user", "content": [{"type": "text", "text": "three"}]}],
             "metadata": {"a": "b"}}""");

    var messages = user.get("/v1/threads/%s/messages?order=asc".formatted(created.id())).json();
    assertThat(messages.path("data"))
        .extracting(m -> m.at("/content/0/text/value").asText())
        .containsExactly("one", "two", "three");
    assertThat(messages.path("data"))
        .extracting(m -> m.path("role").asText())
        .containsExactly("user", "assistant", "user");
  }

  @Test
  void aThreadMayHaveADefaultAssistantOfItsProject() {
    var assistant = user.post("/v1/assistants", "{\"model\": \"m\"}").id();
    var foreign = ApiClient.stranger().post("/v1/assistants", "{\"model\": \"m\"}").id();

    var created = user.post("/v1/threads", "{\"assistant_id\": \"%s\"}".formatted(assistant));

    assertThat(created.json().path("assistant_id").asText()).isEqualTo(assistant);
    assertThat(user.post("/v1/threads", "{\"assistant_id\": \"%s\"}".formatted(foreign)).status())
        .isEqualTo(404);
    var cleared = user.post("/v1/threads/" + created.id(), "{\"assistant_id\": null}");
    assertThat(cleared.json().path("assistant_id").isNull()).isTrue();
  }

  @Test
  void modifyLeavesWhatIsAbsentAndClearsWhatIsNull() {
    var path =
        "/v1/threads/"
            + user.post(
                    "/v1/threads",
                    """
                    {"metadata": {"a": "b"}, "tool_resources": {"code_interpreter": {"file_ids": []}}}""")
                .id();

    var first = user.post(path, "{\"metadata\": {\"c\": \"d\"}}").json();
    assertThat(first.path("metadata").toString()).isEqualTo("{\"c\":\"d\"}");
    assertThat(first.path("tool_resources").has("code_interpreter")).isTrue();
    var second = user.post(path, "{\"metadata\": null, \"tool_resources\": null}").json();
    assertThat(second.path("metadata")).isEmpty();
    assertThat(second.path("tool_resources").isNull()).isTrue();
    assertThat(user.post(path, "{}").json()).isEqualTo(second);
    assertThat(user.post(path, null).json()).isEqualTo(second);
    assertThat(user.get(path).json()).isEqualTo(second);
  }

  @Test
  void anArchivedThreadCanBeReadButTakesNoMessages() {
    var path = "/v1/threads/" + user.post("/v1/threads", "{}").id();

    var archived = user.post(path, "{\"status\": \"archived\"}");

    assertThat(archived.json().path("status").asText()).isEqualTo("archived");
    assertThat(user.get(path + "/messages").status()).isEqualTo(200);
    var message = "{\"role\": \"user\", \"content\": \"hi\"}";
    assertThat(user.post(path + "/messages", message).status()).isEqualTo(400);
    user.post(path, "{\"status\": \"active\"}");
    assertThat(user.post(path + "/messages", message).status()).isEqualTo(200);
  }

  @Test
  void threadsAreListedByAssistantAndByMetadata() {
    var assistant = user.post("/v1/assistants", "{\"model\": \"m\"}").id();
    var mine =
        user.post(
                "/v1/threads",
                "{\"assistant_id\": \"%s\", \"metadata\": {\"case\": \"1 & 2\", \"x\": \"y\"}}"
                    .formatted(assistant))
            .id();
    var other = user.post("/v1/threads", "{\"assistant_id\": \"%s\"}".formatted(assistant)).id();
    user.post("/v1/threads", "{}");

    assertThat(listed("assistant_id=" + assistant)).containsExactly(other, mine);
    assertThat(listed("assistant_id=%s&order=asc".formatted(assistant)))
        .containsExactly(mine, other);
    assertThat(listed("assistant_id=%s&metadata%%5Bcase%%5D=1%%20%%26%%202".formatted(assistant)))
        .containsExactly(mine);
    assertThat(listed("metadata%%5Bcase%%5D=1&assistant_id=%s".formatted(assistant))).isEmpty();
    assertThat(user.get("/v1/threads?metadata=x").status()).isEqualTo(400);
    assertThat(user.get("/v1/threads?metadata%5B%5D=x").status()).isEqualTo(400);
    assertThat(user.get("/v1/threads?assistant_id=nope").status()).isEqualTo(400);
  }

  private List<String> listed(String query) {
    return user.get("/v1/threads?" + query).json().path("data").findValuesAsText("id");
  }

  @Test
  void aThreadIsDeletedWithItsMessagesAndRuns() {
    var thread =
        user.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}")
            .id();
    var run = ActiveRunRow.on(jdbc, ids, new ThreadId(thread));
    run.withStepAndJournal();
    run.end();

    var deleted = user.delete("/v1/threads/" + thread);

    assertThat(deleted.text())
        .isEqualTo(
            "{\"id\":\"%s\",\"object\":\"thread.deleted\",\"deleted\":true}".formatted(thread));
    assertThat(user.get("/v1/threads/" + thread).status()).isEqualTo(404);
    assertThat(user.get("/v1/threads/" + thread + "/messages").status()).isEqualTo(404);
    for (var table : List.of("messages", "runs", "run_steps", "tool_calls", "run_journal")) {
      assertThat(
              jdbc.one(
                  "SELECT count(*) AS n FROM " + table + " WHERE thread_id = ?",
                  row -> row.bigint("n"),
                  thread))
          .as(table)
          .contains(0L);
    }
  }

  /**
   * Except the tombstones of its memory and the events in the outbox, which are still to be read,
   * and the cursor of a pass over all threads.
   */
  @Test
  void deletingAThreadDeletesItsRowsInEveryTable() {
    var keyed =
        jdbc.list(
            """
            SELECT c.table_name FROM information_schema.columns c
            JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema = current_schema() AND c.column_name = 'thread_id'
              AND t.table_type = 'BASE TABLE' AND c.table_name NOT IN
                ('memory_losses', 'outbox', 'memory_reanalysis', 'vector_stores', 'usage_calls')
            """,
            row -> row.text("table_name"));
    var triggers =
        String.join(
            "\n",
            jdbc.list(
                """
                SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE t.tgrelid = 'threads'::regclass AND NOT t.tgisinternal AND t.tgtype & 8 <> 0
                """,
                row -> row.text("prosrc")));

    var deleting =
        Stream.concat(
                Stream.of(ThreadStore.class.getName(), "dev.threadmill.files.FileStore"),
                features.stream().map(feature -> ClientProxy.unwrap(feature).getClass().getName()))
            .toList();
    var statements =
        ClassConstants.ofTheServer().stream()
            .filter(constant -> deleting.contains(constant.className()))
            .map(ClassConstants::text)
            .toList();

    assertThat(keyed)
        .contains("messages", "memory_queue")
        .allMatch(
            table ->
                statements.stream()
                        .anyMatch(
                            text ->
                                text.startsWith(
                                    "DELETE FROM %s WHERE thread_id = ?".formatted(table)))
                    || triggers.contains("DELETE FROM %s WHERE thread_id".formatted(table)),
            "is emptied by ThreadStore, FileStore, a ThreadLifecycle or a trigger on threads");
  }

  /** Its chunks may be many, so they are removed later, in batches. */
  @Test
  void deletingAThreadMarksItsVectorStoreAsDeleted() {
    var thread = user.post("/v1/threads", "{}").id();
    var store = user.post("/v1/vector_stores", "{}").id();
    jdbc.update("UPDATE vector_stores SET thread_id = ? WHERE id = ?", thread, store);

    assertThat(user.delete("/v1/threads/" + thread).status()).isEqualTo(200);

    assertThat(user.get("/v1/vector_stores/" + store).status()).isEqualTo(404);
  }

  @Test
  void aThreadIsDeletedTogetherWithItsActiveRun() {
    var thread = user.post("/v1/threads", "{}").id();
    var run = ActiveRunRow.on(jdbc, ids, new ThreadId(thread));

    assertThat(user.delete("/v1/threads/" + thread).status()).isEqualTo(200);

    assertThat(user.get("/v1/threads/" + thread).status()).isEqualTo(404);
    assertThat(user.get("/v1/threads/" + thread + "/runs/" + run.id()).status()).isEqualTo(404);
  }

  @Test
  void aThreadOfAnotherProjectDoesNotExist() {
    var stranger = ApiClient.stranger();
    var path = "/v1/threads/" + stranger.post("/v1/threads", "{}").id();
    var message = "{\"role\": \"user\", \"content\": \"hi\"}";
    var theirs = stranger.post(path + "/messages", message).id();

    assertThat(user.get(path).status()).isEqualTo(404);
    assertThat(user.post(path, "{}").status()).isEqualTo(404);
    assertThat(user.delete(path).status()).isEqualTo(404);
    assertThat(user.get(path + "/messages").status()).isEqualTo(404);
    assertThat(user.post(path + "/messages", message).status()).isEqualTo(404);
    assertThat(user.get(path + "/messages/" + theirs).status()).isEqualTo(404);
    assertThat(user.post(path + "/messages/" + theirs, "{}").status()).isEqualTo(404);
    assertThat(user.delete(path + "/messages/" + theirs).status()).isEqualTo(404);
    assertThat(stranger.get(path + "/messages/" + theirs).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"mesages": []}                                       | mesages
          {"messages": 1}                                       | messages
          {"messages": [null]}                                  | messages[0]
          {"messages": [{"role": "user"}]}                      | messages[0].content
          {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": ""}]} | messages[1].content
          {"messages": [{"role": "tool", "tool_call_id": "call_1", "content": "a"}]} | messages[0].role
          {"metadata": "x"}                                     | metadata
          {"assistant_id": "thread_1"}                          | assistant_id
          {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}} | tool_resources.file_search.vector_store_ids
          {"status": "active"}                                  | status
          """)
  void invalidFieldsAreNamed(String body, String param) {
    var refused = user.post("/v1/threads", body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).as(refused.text()).isEqualTo(param);
  }
}
