package dev.threadmill.projects.idempotency;

import static java.util.concurrent.CompletableFuture.supplyAsync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests with the same key at the same time, after a crash, and as streams. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class IdempotencyRecoveryTest extends IdempotencyFixture {
  private static final String FUNCTION =
      """
      {"type": "function", "function": {"name": "ask", "parameters": {"type": "object"}}}""";
  private static final Pattern EVENT_ID = Pattern.compile("(?m)^id: ?(.+)$");

  @Test
  void aConcurrentRequestWaitsForTheFirstAndGetsItsResponse() {
    var thread = thread();
    var both = new ArrayList<CompletableFuture<ApiClient.Response>>();
    jdbc.runInTransaction(
        tx -> {
          tx.update("UPDATE threads SET status = status WHERE id = ?", id(thread));
          both.add(supplyAsync(() -> keyed.post(thread + "/messages", MESSAGE)));
          both.add(supplyAsync(() -> keyed.post(thread + "/messages", MESSAGE)));
          await().until(() -> keys("held_until > now()") == 1);
        });

    var answers = both.stream().map(CompletableFuture::join).toList();

    assertThat(answers).extracting(ApiClient.Response::status).containsExactly(200, 200);
    assertThat(answers.get(0).text()).isEqualTo(answers.get(1).text());
    assertThat(answers).filteredOn(IdempotencyFixture::replayed).hasSize(1);
    assertThat(messages(thread)).hasSize(1);
  }

  @Test
  void aRequestWhoseKeyWasTakenOverHasNoEffect() {
    var thread = thread();
    var slow = new ArrayList<CompletableFuture<ApiClient.Response>>();
    jdbc.runInTransaction(
        tx -> {
          tx.update("UPDATE threads SET status = status WHERE id = ?", id(thread));
          slow.add(supplyAsync(() -> keyed.post(thread + "/messages", MESSAGE)));
          await().until(() -> keys("held_until > now()") == 1);
          jdbc.update("UPDATE idempotency_keys SET holder = 'another'");
        });

    var late = slow.getFirst().join();

    assertThat(late.status()).as(late.text()).isEqualTo(409);
    assertThat(messages(thread)).isEmpty();
  }

  @Test
  void aRequestWhoseNodeDiedBeforeItsCommitIsCarriedOutByTheNext() {
    var first = keyed.post("/v1/threads", "{}");
    crashBeforeEffect();

    var second = keyed.post("/v1/threads", "{}");

    assertThat(second.status()).as(second.text()).isEqualTo(200);
    assertThat(second.id()).isNotEqualTo(first.id());
    assertThat(replayed(second)).isFalse();
  }

  @Test
  void aRequestWhoseNodeDiedAfterItsCommitIsAnsweredWithTheCreatedObject() {
    var admin = keyed(ApiClient.admin());
    var assistant = runs.assistant("gpt-4o", "");
    var thread = thread();
    var run = "{\"assistant_id\": \"%s\"}".formatted(assistant);
    record Post(ApiClient api, String path, String body) {}
    for (var post :
        List.of(
            new Post(keyed(user), "/v1/assistants", "{\"model\": \"m\"}"),
            new Post(keyed(user), "/v1/assistants/" + assistant, "{\"name\": \"n\"}"),
            new Post(keyed(user), "/v1/threads", "{}"),
            new Post(keyed(user), thread, "{\"metadata\": {\"a\": \"b\"}}"),
            new Post(keyed(user), thread + "/fork", "{}"),
            new Post(keyed(user), thread + "/messages", MESSAGE),
            new Post(keyed(user), thread + "/runs", run),
            new Post(keyed(user), "/v1/threads/runs", run),
            new Post(admin, "/v1/projects", "{\"name\": \"p\"}"))) {
      var first = post.api().post(post.path(), post.body());
      crashAfterEffect();

      var second = post.api().post(post.path(), post.body());

      assertThat(second.status()).as(post.path() + second.text()).isEqualTo(200);
      assertThat(second.id()).as(post.path()).isEqualTo(first.id());
      assertThat(replayed(second)).as(post.path()).isTrue();
      jdbc.update("DELETE FROM idempotency_keys");
    }
  }

  @Test
  void aStreamCanBeReadAgainWithTheSameKeyAndFromWhereItBroke() {
    var assistant = runs.assistant("gpt-4o", "");
    provider.reply(Reply.text("Once upon a time."));
    var body = streamed(assistant);

    var first = keyed.post("/v1/threads/runs", body);
    var second = keyed.post("/v1/threads/runs", body);
    var ids = eventIds(first);
    var half = ids.get(ids.size() / 2);
    var rest = keyed.with("Last-Event-ID", half).post("/v1/threads/runs", body);

    assertThat(first.text()).contains("thread.run.completed").endsWith("data: [DONE]\n\n");
    assertThat(replayed(second)).isTrue();
    assertThat(eventIds(second)).startsWith(ids.getFirst()).endsWith(ids.getLast());
    assertThat(runOf(second)).isEqualTo(runOf(first));
    assertThat(eventIds(rest)).doesNotContain(half).endsWith(ids.getLast());
    assertThat(second.headers().firstValue("content-type"))
        .isEqualTo(first.headers().firstValue("content-type"));
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aStreamWhoseNodeDiedContinuesWithTheCreatedRun() {
    var assistant = runs.assistant("gpt-4o", "");
    provider.reply(Reply.text("Once."));
    var first = keyed.post("/v1/threads/runs", streamed(assistant));
    crashAfterEffect();

    var second = keyed.post("/v1/threads/runs", streamed(assistant));

    assertThat(second.text()).contains("thread.run.completed");
    assertThat(runOf(second)).isEqualTo(runOf(first));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void submittedOutputsCanBeSubmittedAgain(boolean crashed) {
    var assistant = runs.assistant("gpt-4o", "", FUNCTION);
    provider.reply(Reply.call("ask", "{}"), Reply.text("Thanks."));
    var waiting = runs.run(assistant, "Ask");
    var run = waiting.run();
    var path =
        "/v1/threads/%s/runs/%s/submit_tool_outputs"
            .formatted(run.path("thread_id").asText(), run.path("id").asText());
    var body =
        "{\"stream\": true, \"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"42\"}]}"
            .formatted(waiting.open().getFirst());
    var first = keyed.post(path, body);
    if (crashed) {
      crashAfterEffect();
    }

    var second = keyed.post(path, body);

    assertThat(second.status()).as(second.text()).isEqualTo(200);
    assertThat(replayed(second)).isTrue();
    assertThat(second.text()).contains("thread.run.completed").doesNotContain("requires_action\n");
    assertThat(eventIds(second)).endsWith(eventIds(first).getLast());
  }

  /** Leaves the key as a node does that crashes after the commit of its request. */
  private void crashAfterEffect() {
    int changed =
        jdbc.update(
            """
            UPDATE idempotency_keys SET status = NULL, content_type = NULL, answer = NULL,
              stream = NULL, held_until = now() - interval '1 second' WHERE made IS NOT NULL""");
    assertThat(changed).as("marked keys").isEqualTo(1);
  }

  /** Leaves the key as a node does that crashes before the commit of its request. */
  private void crashBeforeEffect() {
    crashAfterEffect();
    jdbc.update("UPDATE idempotency_keys SET made = NULL");
  }

  private static String streamed(String assistant) {
    return """
        {"assistant_id": "%s", "stream": true,
         "thread": {"messages": [{"role": "user", "content": "Tell"}]}}"""
        .formatted(assistant);
  }

  private static List<String> eventIds(ApiClient.Response stream) {
    return EVENT_ID.matcher(stream.text()).results().map(found -> found.group(1)).toList();
  }

  private static String runOf(ApiClient.Response stream) {
    var found = Pattern.compile("\"id\":\"(run_[A-Za-z0-9]+)\"").matcher(stream.text());
    assertThat(found.find()).isTrue();
    return found.group(1);
  }
}
