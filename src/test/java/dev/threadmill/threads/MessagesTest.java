package dev.threadmill.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ThreadId;
import dev.threadmill.testing.ActiveRunRow;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages: added, changed, deleted. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class MessagesTest extends MessagesFixture {
  @Test
  void aPlainStringIsStoredAsOneTextPartAndEveryKeyIsPresent() {
    var created =
        user.post(
            path, "{\"role\": \"user\", \"content\": \"hello\", \"metadata\": {\"a\": \"b\"}}");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().properties().stream().map(Map.Entry::getKey))
        .containsExactly(
            "id",
            "object",
            "created_at",
            "thread_id",
            "status",
            "incomplete_details",
            "completed_at",
            "incomplete_at",
            "role",
            "content",
            "assistant_id",
            "run_id",
            "attachments",
            "metadata");
    assertThat(created.json().path("content").toString())
        .isEqualTo("[{\"type\":\"text\",\"text\":{\"value\":\"hello\",\"annotations\":[]}}]");
    assertThat(created.json().path("object").asText()).isEqualTo("thread.message");
    assertThat(created.json().path("thread_id").asText()).isEqualTo(thread);
    assertThat(created.json().path("status").asText()).isEqualTo("completed");
    assertThat(user.get(path + "/" + created.id()).json()).isEqualTo(created.json());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type": "text", "text": "a"} | {"type":"text","text":{"value":"a","annotations":[]}}
          {"type": "image_url", "image_url": {"url": "https://e.com/a.png", "detail": "low"}} | {"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"low"}}
          {"type": "image_url", "url": "https://e.com/a.png"} | {"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"auto"}}
          {"type": "image_url", "image_url": "https://e.com/a.png"} | {"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"auto"}}
          {"type": "input_image", "image_url": "https://e.com/a.png", "detail": "high"} | {"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"high"}}
          {"type": "input_text", "text": "a"} | {"type":"text","text":{"value":"a","annotations":[]}}
          {"type": "image_url", "url": "data:image/png;base64,AAAA"} | {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"auto"}}
          {"type": "audio", "data": "AAAA"} | {"type":"audio","audio":{"data":"AAAA","format":"wav"}}
          {"type": "audio", "audio": {"data": "AAAA", "format": "mp3"}} | {"type":"audio","audio":{"data":"AAAA","format":"mp3"}}
          {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}} | {"type":"audio","audio":{"data":"AAAA","format":"mp3"}}
          """)
  void everyFormOfAPartIsStoredInOneForm(String sent, String kept) {
    var created = user.post(path, "{\"role\": \"user\", \"content\": [%s]}".formatted(sent));

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("content").get(0).toString()).isEqualTo(kept);
    assertThat(user.get(path + "/" + created.id()).json()).isEqualTo(created.json());
  }

  @Test
  void metadataIsTheOnlyThingThatCanBeChanged() {
    var message = path + "/" + user.post(path, HELLO).id();

    assertThat(user.post(message, "{\"metadata\": {\"a\": \"b\"}}").json().path("metadata"))
        .hasSize(1);
    assertThat(user.post(message, "{}").json().path("metadata")).hasSize(1);
    assertThat(user.post(message, "{\"metadata\": null}").json().path("metadata")).isEmpty();
    var refused = user.post(message, "{\"content\": \"x\"}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("content");
  }

  @Test
  void aMessageCanBeDeletedOnce() {
    var id = user.post(path, HELLO).id();

    var deleted = user.delete(path + "/" + id);

    assertThat(deleted.text())
        .isEqualTo(
            "{\"id\":\"%s\",\"object\":\"thread.message.deleted\",\"deleted\":true}".formatted(id));
    assertThat(user.get(path + "/" + id).status()).isEqualTo(404);
    assertThat(user.delete(path + "/" + id).status()).isEqualTo(404);
    assertThat(user.get(path).json().path("data")).isEmpty();
  }

  @Test
  void whileARunIsActiveNothingIsAddedOrDeleted() {
    var first = user.post(path, HELLO).id();
    var run = ActiveRunRow.on(jdbc, ids, new ThreadId(thread));

    var refused = user.post(path, HELLO);

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text())
        .isEqualTo(
            "{\"error\":{\"message\":\"Can't add messages to %s while a run %s is active.\","
                    .formatted(thread, run.id())
                + "\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}");
    assertThat(user.delete(path + "/" + first).status()).isEqualTo(400);
    assertThat(user.post(path + "/" + first, "{\"metadata\": {\"a\": \"b\"}}").status())
        .isEqualTo(200);
    run.end();
    assertThat(user.post(path, HELLO).status()).isEqualTo(200);
  }

  @Test
  void aMessageThatWaitedForTheThreadSeesTheRunThatWasStartedMeanwhile() throws Exception {
    var locked = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      // Given a transaction that has locked the thread and starts a run in it
      var starting =
          pool.submit(
              () ->
                  jdbc.inTransaction(
                      tx -> {
                        tx.update("UPDATE threads SET tail = tail WHERE id = ?", thread);
                        locked.countDown();
                        await(release);
                        tx.update(
                            """
                            INSERT INTO runs (thread_id, id, project_id, assistant_id, created_at,
                              status, expires_at, model, instructions, tools, metadata,
                              truncation_strategy, tool_choice, parallel_tool_calls,
                              response_format, owner)
                            VALUES (?, ?, 'proj_default', 'asst_t', now(), 'requires_action', now()
                              + interval '1 day', 'm', '', '[]', '{}', '{}', '"auto"', true,
                              '"auto"', NULL)""",
                            thread,
                            ids.run());
                        return null;
                      }));
      locked.await();

      // When a message arrives in the meantime
      var message = pool.submit(() -> user.post(path, HELLO));
      try {
        org.awaitility.Awaitility.await().until(this::aSessionWaitsForALock);
      } finally {
        release.countDown();
      }
      starting.get();

      // Then it is refused
      assertThat(message.get().status()).isEqualTo(400);
      assertThat(user.get(path).json().path("data")).isEmpty();
    }
    jdbc.update("UPDATE runs SET status = 'cancelled' WHERE thread_id = ?", thread);
  }

  private boolean aSessionWaitsForALock() {
    return jdbc.one(
                """
            SELECT count(*) AS n FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE threads SET tail = CASE%'""",
                row -> row.bigint("n"))
            .orElseThrow()
        > 0;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void messagesThatArriveAtOnceHaveStrictlyRisingTimes() throws Exception {
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var sends = new ArrayList<Callable<ApiClient.Response>>();
      for (int i = 0; i < 60; i++) {
        sends.add(() -> user.post(path, HELLO));
      }
      for (var answer : pool.invokeAll(sends)) {
        assertThat(answer.get().status()).isEqualTo(200);
      }
    }

    var times =
        jdbc.list(
            "SELECT created_at FROM messages WHERE thread_id = ? ORDER BY created_at",
            row -> row.instant("created_at"),
            thread);
    assertThat(times).hasSize(60).doesNotHaveDuplicates();
    assertThat(
            jdbc.one("SELECT tail FROM threads WHERE id = ?", row -> row.instant("tail"), thread))
        .contains(times.getLast());
  }

  @Test
  void aToolResultThatNoRunWaitsForIsRefused() {
    var refused =
        user.post(
            path, "{\"role\": \"tool\", \"tool_call_id\": \"call_1234\", \"content\": \"5M\"}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(user.get(path).json().path("data")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                     | role
          {"content": "a"}                                       | role
          {"role": "user"}                                       | content
          {"role": "user", "content": null}                      | content
          {"role": "user", "content": ""}                        | content
          {"role": "user", "content": []}                        | content
          {"role": "user", "content": 5}                         | content
          {"role": "user", "content": {"a": 1}}                  | content
          {"role": "user", "content": [null]}                    | content[0]
          {"role": "user", "content": ["a"]}                     | content[0].type
          {"role": "user", "content": [{"type": "text"}]}        | content[0].text
          {"role": "user", "content": [{"type": "text", "text": {"value": "a"}}]} | content[0].text
          {"role": "user", "content": [{"type": "text", "text": "a", "b": 1}]} | content[0].b
          {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "video"}]} | content[1].type
          {"role": "user", "content": [{"type": "image_url"}]}   | content[0].image_url
          {"role": "user", "content": [{"type": "image_url", "image_url": {}}]} | content[0].image_url.url
          {"role": "user", "content": [{"type": "image_url", "url": "file:///etc/passwd"}]} | content[0].url
          {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a", "detail": "max"}}]} | content[0].image_url.detail
          {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-1"}}]} | content[0].image_file.file_id
          {"role": "user", "content": [{"type": "file", "file_id": "file_contract_2026"}]} | content[0].file_id
          {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-none"}}]} | content[0].file_id
          {"role": "user", "content": [{"type": "file", "file": {"file_data": "!"}}]} | content[0].file.file_data
          {"role": "user", "content": [{"type": "file", "file_data": "data:application/pdf,JVBERi0="}]} | content[0].file_data
          {"role": "user", "content": [{"type": "input_file", "file_data": ""}]} | content[0].file_data
          {"role": "user", "content": [{"type": "file", "file": {"file_data": "AAAA", "file_id": "file-1"}}]} | content[0].file.file_data
          {"role": "user", "content": [{"type": "file", "file_id": "file-1", "file": {"file_id": "file-1"}}]} | content[0].file
          {"role": "user", "content": [{"type": "input_file", "file_data": "AAAA", "filename": 5}]} | content[0].filename
          {"role": "user", "content": [{"type": "file"}]} | content[0].file_id
          {"role": "user", "content": [{"type": "input_file", "file_url": "https://a"}]} | content[0].file_url
          {"role": "user", "content": [{"type": "input_image"}]} | content[0].image_url
          {"role": "user", "content": [{"type": "input_image", "image_url": "file:///a"}]} | content[0].image_url
          {"role": "user", "content": [{"type": "audio", "data": "base64..."}]} | content[0].data
          {"role": "user", "content": [{"type": "audio"}]}       | content[0].audio
          {"role": "system", "content": "a"}                     | role
          {"role": "tool", "content": "a"}                       | tool_call_id
          {"role": "tool", "content": "a", "tool_call_id": "x"}  | tool_call_id
          {"role": "user", "content": "a", "tool_call_id": "call_1"} | tool_call_id
          {"role": "user", "content": "a", "attachments": {}}    | attachments
          {"role": "user", "content": "a", "attachments": [{}]}  | attachments[0].file_id
          {"role": "user", "content": "a", "attachments": [{"file_id": "file_1", "tools": [{"type": "pay ment"}]}]} | attachments[0].tools[0].type
          {"role": "user", "content": "a", "attachments": [{"file_id": "file_1", "tools": [{"type": "function", "function": {}}]}]} | attachments[0].tools[0].function.name
          {"role": "user", "content": "a", "attachments": [{"file_id": "file_1", "tools": [{"type": "payment"}]}]} | attachments[0].file_id
          {"role": "user", "content": "a", "attachments": [{"file_id": "file_1", "tools": [{"type": "file_search"}]}]} | attachments[0].file_id
          {"role": "user", "content": "a", "metadata": {"k": null}} | metadata.k
          {"role": "user", "content": "a", "status": "completed"} | status
          """)
  void invalidFieldsAreNamed(String body, String param) {
    var refused = user.post(path, body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).as(refused.text()).isEqualTo(param);
    assertThat(refused.error().path("type").asText()).isEqualTo("invalid_request_error");
  }
}
