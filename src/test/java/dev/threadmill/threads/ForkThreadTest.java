package dev.threadmill.threads;

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
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ForkThreadTest {
  private static final String LOOK_UP =
      """
      {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}""";

  private final ApiClient user = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(user);
  @Inject Jdbc jdbc;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @Test
  void aForkHasCopiesOfAllMessagesInTheirOrderWithTheirTimes() {
    var original = thread("one", "two", "three");

    var fork = user.post("/v1/threads/%s/fork".formatted(original), "{}");

    assertThat(fork.status()).as(fork.text()).isEqualTo(200);
    assertThat(fork.id()).isNotEqualTo(original);
    var before = messages(original);
    var copies = messages(fork.id());
    assertThat(fork.json().path("forked_from").toString())
        .isEqualTo(
            "{\"thread_id\":\"%s\",\"message_id\":\"%s\"}"
                .formatted(original, before.get(2).path("id").asText()));
    assertThat(fork.json().at("/metadata/case").asText()).isEqualTo("7");
    assertThat(user.get("/v1/threads/" + fork.id()).json()).isEqualTo(fork.json());
    assertThat(copies.findValuesAsText("value")).containsExactly("one", "two", "three");
    assertThat(copies.findValuesAsText("created_at"))
        .isEqualTo(before.findValuesAsText("created_at"));
    assertThat(copies.findValuesAsText("id")).doesNotContainAnyElementsOf(ids(before));
    assertThat(stored(fork.id())).isEqualTo(stored(original));
    assertThat(messages(original)).isEqualTo(before);
  }

  @Test
  void aForkEndsWithTheNamedMessageAndIsIndependentOfItsSource() {
    var original = thread("one", "two", "three");
    var second = messages(original).get(1).path("id").asText();

    var fork =
        user.post(
            "/v1/threads/%s/fork".formatted(original),
            "{\"message_id\": \"%s\", \"metadata\": {\"branch\": \"b\"}}".formatted(second));

    user.post(
        "/v1/threads/%s/messages".formatted(fork.id()),
        "{\"role\": \"user\", \"content\": \"other\"}");
    assertThat(messages(fork.id()).findValuesAsText("value"))
        .containsExactly("one", "two", "other");
    assertThat(messages(original).findValuesAsText("value")).containsExactly("one", "two", "three");
    assertThat(fork.json().path("metadata").toString()).isEqualTo("{\"branch\":\"b\"}");
    assertThat(fork.json().at("/forked_from/message_id").asText()).isEqualTo(second);
  }

  @Test
  void theModelIsSentTheSameHistoryInTheForkWithToolCalls() {
    // Given
    var assistant = runs.assistant("gpt-4o", "", LOOK_UP);
    provider.reply(Reply.call("look_up", "{\"of\": \"leak\"}"), Reply.text("A leak is 42."));
    var run = runs.submit(runs.run(assistant, "What is a leak?"), "42");
    var original = run.run().path("thread_id").asText();
    var fork = user.post("/v1/threads/%s/fork".formatted(original), null).id();

    // When
    provider.reply(Reply.text("Yes."));
    var inOriginal = prompt(original, assistant);
    provider.reply(Reply.text("Yes."));
    var inFork = prompt(fork, assistant);

    // Then
    assertThat(inOriginal.toString()).contains("look_up").contains("A leak is 42.");
    assertThat(inFork).isEqualTo(inOriginal);
  }

  @Test
  void aThreadMayBeForkedWhileARunIsActiveOnIt() {
    var assistant = runs.assistant("gpt-4o", "", LOOK_UP);
    provider.reply(Reply.call("look_up", "{}"));
    var waiting = runs.run(assistant, "Wait");
    assertThat(waiting.status()).isEqualTo("requires_action");
    var original = waiting.run().path("thread_id").asText();

    var fork = user.post("/v1/threads/%s/fork".formatted(original), "{}");

    assertThat(fork.status()).as(fork.text()).isEqualTo(200);
    provider.reply(Reply.text("Here."));
    assertThat(prompt(fork.id(), assistant).toString()).contains("Wait").doesNotContain("look_up");
    var run = waiting.run().path("id").asText();
    assertThat(
            user.get("/v1/threads/%s/runs/%s".formatted(original, run))
                .json()
                .path("status")
                .asText())
        .isEqualTo("requires_action");
  }

  @Test
  void anEmptyThreadCanBeForked() {
    var original = user.post("/v1/threads", "{}").id();

    var fork = user.post("/v1/threads/%s/fork".formatted(original), "{}");

    assertThat(fork.json().at("/forked_from/thread_id").asText()).isEqualTo(original);
    assertThat(fork.json().at("/forked_from/message_id").isNull()).isTrue();
    assertThat(messages(fork.id())).isEmpty();
  }

  @Test
  void fiveThousandMessagesAreCopiedInFewStatements() {
    var original = thread("first");
    jdbc.update(
        """
        INSERT INTO messages (thread_id, id, project_id, created_at, status, role, content,
          metadata, tokens)
        SELECT ?, 'msg_' || n, 'proj_default', now() + n * interval '1 microsecond', 'completed',
          'user', '[{"type": "text", "text": {"value": "x", "annotations": []}}]', '{}', 1
        FROM generate_series(1, 5000) n
        """,
        original);
    long before = jdbc.statements();

    var fork = user.post("/v1/threads/%s/fork".formatted(original), "{}");

    assertThat(fork.status()).as(fork.text()).isEqualTo(200);
    assertThat(jdbc.statements() - before).isLessThan(100);
    assertThat(stored(fork.id())).hasSize(5001).isEqualTo(stored(original));
  }

  @Test
  void messagesThatTheMemoryForgotStayForgottenInTheFork() {
    var original = thread("secret");
    jdbc.update(
        """
        INSERT INTO memory_forgotten (thread_id, message_id, project_id)
        SELECT thread_id, id, project_id FROM messages WHERE thread_id = ?""",
        original);

    var fork = user.post("/v1/threads/%s/fork".formatted(original), "{}").id();

    assertThat(
            jdbc.one(
                "SELECT message_id FROM memory_forgotten WHERE thread_id = ?",
                row -> row.text("message_id"),
                fork))
        .contains(messages(fork).get(0).path("id").asText());
  }

  @ParameterizedTest
  @CsvSource({
    "message_id, msg_none, 404",
    "message_id, thread_1, 400",
    "assistant_id, asst_none, 404",
    "mesage_id, msg_none, 400",
  })
  void missingObjectsAndInvalidFieldsAreRefused(String field, String value, int status) {
    var original = thread("one");

    var refused =
        user.post(
            "/v1/threads/%s/fork".formatted(original), "{\"%s\": \"%s\"}".formatted(field, value));

    assertThat(refused.status()).as(refused.text()).isEqualTo(status);
  }

  @Test
  void aThreadOfAnotherProjectCannotBeForked() {
    var theirs = ApiClient.stranger().post("/v1/threads", "{}").id();

    assertThat(user.post("/v1/threads/%s/fork".formatted(theirs), "{}").status()).isEqualTo(404);
    assertThat(user.post("/v1/threads/thread_none/fork", "{}").status()).isEqualTo(404);
  }

  private String thread(String... texts) {
    var messages =
        IntStream.range(0, texts.length)
            .mapToObj(
                i ->
                    "{\"role\": \"%s\", \"content\": \"%s\"}"
                        .formatted(i % 2 == 0 ? "user" : "assistant", texts[i]))
            .collect(Collectors.joining(","));
    return user.post(
            "/v1/threads",
            "{\"metadata\": {\"case\": \"7\"}, \"messages\": [%s]}".formatted(messages))
        .id();
  }

  private JsonNode messages(String thread) {
    return user.get("/v1/threads/%s/messages?order=asc&limit=100".formatted(thread))
        .json()
        .path("data");
  }

  private static List<String> ids(JsonNode messages) {
    return messages.findValuesAsText("id");
  }

  /** All messages of the thread in their order, without the columns that differ in a copy. */
  private List<String> stored(String thread) {
    return jdbc.list(
        """
        SELECT (to_jsonb(m) - 'thread_id' - 'id' - 'run_id')::text AS message
        FROM messages m WHERE thread_id = ? ORDER BY created_at, id
        """,
        row -> row.text("message"),
        thread);
  }

  /** The messages that the model is sent when the user continues. */
  private JsonNode prompt(String thread, String assistant) {
    var run =
        user.post(
            "/v1/threads/%s/runs".formatted(thread),
            """
            {"assistant_id": "%s", "additional_messages": [{"role": "user", "content": "Sure?"}]}"""
                .formatted(assistant));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    assertThat(runs.stopped(run.json()).status()).isEqualTo("completed");
    return provider.lastRequest().body().path("messages");
  }
}
