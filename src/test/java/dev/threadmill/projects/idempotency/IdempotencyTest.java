package dev.threadmill.projects.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Repeated requests with an idempotency key. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class IdempotencyTest extends IdempotencyFixture {
  @Inject KeyLeases heldKeys;

  @Test
  void aRepeatedRequestGetsTheSameResponseAndIsNotCarriedOutTwice() {
    var thread = thread();

    var first = keyed.post(thread + "/messages", MESSAGE);
    var second = keyed.post(thread + "/messages", MESSAGE);

    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(replayed(first)).isFalse();
    assertThat(replayed(second)).isTrue();
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.text()).isEqualTo(first.text());
    assertThat(second.headers().firstValue("content-type"))
        .isEqualTo(first.headers().firstValue("content-type"));
    assertThat(messages(thread)).hasSize(1);
  }

  @Test
  void everyKindOfPostCanBeRepeated() {
    var admin = keyed(ApiClient.admin());
    var assistant = runs.assistant("gpt-4o", "");
    var thread = thread();
    provider.reply(Reply.text("a"), Reply.text("b"));
    var run = "{\"assistant_id\": \"%s\"}".formatted(assistant);
    record Post(ApiClient api, String path, String body) {}
    for (var post :
        List.of(
            new Post(keyed(user), "/v1/assistants", "{\"model\": \"m\"}"),
            new Post(keyed(user), "/v1/assistants/" + assistant, "{\"name\": \"n\"}"),
            new Post(keyed(user), "/v1/threads", "{}"),
            new Post(keyed(user), thread, "{\"metadata\": {\"a\": \"b\"}}"),
            new Post(keyed(user), thread + "/fork", "{}"),
            new Post(keyed(user), thread + "/runs", run),
            new Post(keyed(user), "/v1/threads/runs", run),
            new Post(admin, "/v1/projects", "{\"name\": \"p\"}"))) {
      var first = post.api().post(post.path(), post.body());
      var second = post.api().post(post.path(), post.body());

      assertThat(first.status()).as(post + first.text()).isEqualTo(200);
      assertThat(replayed(first)).as(post.path()).isFalse();
      assertThat(second.text()).isEqualTo(first.text());
      assertThat(replayed(second)).as(post.path()).isTrue();
    }
  }

  @Test
  void theSameKeyWithAnotherBodyOrPathIsRefused() {
    var thread = thread();
    keyed.post(thread + "/messages", MESSAGE);

    for (var refused :
        List.of(
            keyed.post(thread + "/messages", MESSAGE.replace("hi", "ho")),
            keyed.post(thread() + "/messages", MESSAGE),
            keyed.post(thread + "/messages?a=b", MESSAGE))) {
      assertThat(refused.status()).as(refused.text()).isEqualTo(400);
      assertThat(refused.error().path("code").asText()).isEqualTo("idempotency_key_reused");
      assertThat(refused.error().path("param").asText()).isEqualTo("Idempotency-Key");
    }
    assertThat(messages(thread)).hasSize(1);
  }

  @Test
  void theAliasOfAPathIsTheSamePath() {
    var first = keyed.post("/v1/threads", "{}");

    assertThat(keyed.post("/v2/threads", "{}").text()).isEqualTo(first.text());
  }

  @Test
  void projectsAndAdminsHaveKeysOfTheirOwn() {
    var key = UUID.randomUUID().toString();

    var ids =
        List.of(user, ApiClient.admin(), ApiClient.stranger()).stream()
            .map(api -> api.with("Idempotency-Key", key).post("/v1/threads", "{}").id())
            .toList();

    assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.startsWith("thread_"));
  }

  @Test
  void aSecretIsReplayedWithTheKeyAndIsNotStoredInPlainText() {
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"p\"}").id();
    var admin = keyed(ApiClient.admin());

    var first = admin.post("/v1/projects/" + project + "/api_keys", "{}");
    var second = admin.post("/v1/projects/" + project + "/api_keys", "{}");

    var secret = first.json().path("value").asText();
    assertThat(secret).isNotEmpty();
    assertThat(second.text()).isEqualTo(first.text());
    assertThat(
            jdbc.list(
                "SELECT encode(answer, 'escape') AS t FROM idempotency_keys WHERE answer IS NOT NULL",
                row -> row.text("t")))
        .isNotEmpty()
        .noneMatch(text -> text.contains(secret));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ключ", "tab\tin"})
  void aKeyThatIsNotPrintableIsRefused(String key) {
    var refused = rawPost(key);

    assertThat(refused).contains("400").contains("Idempotency-Key");
  }

  @Test
  void aKeyHasAtMost255Characters() {
    var longest = user.with("Idempotency-Key", "k".repeat(255));
    var tooLong = user.with("Idempotency-Key", "k".repeat(256));

    assertThat(longest.post("/v1/threads", "{}").status()).isEqualTo(200);
    var refused = tooLong.post("/v1/threads", "{}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("Idempotency-Key");
  }

  @Test
  void aRefusalIsReplayedEvenIfTheRequestWouldSucceedNow() {
    var thread = thread();
    user.post(thread, "{\"status\": \"archived\"}");
    var first = keyed.post(thread + "/messages", MESSAGE);
    user.post(thread, "{\"status\": \"active\"}");

    var second = keyed.post(thread + "/messages", MESSAGE);

    assertThat(first.status()).isEqualTo(400);
    assertThat(second.status()).isEqualTo(400);
    assertThat(second.text()).isEqualTo(first.text());
    assertThat(replayed(second)).isTrue();
  }

  @Test
  void aServerErrorIsNotStored() {
    var thread = thread();
    jdbc.update(
        "ALTER TABLE messages ADD CONSTRAINT broken CHECK (content::text !~ 'hi') NOT VALID");
    ApiClient.Response failed;
    try {
      failed = keyed.post(thread + "/messages", MESSAGE);
    } finally {
      jdbc.update("ALTER TABLE messages DROP CONSTRAINT broken");
    }

    var again = keyed.post(thread + "/messages", MESSAGE);

    assertThat(failed.status()).isEqualTo(500);
    assertThat(again.status()).as(again.text()).isEqualTo(200);
    assertThat(replayed(again)).isFalse();
  }

  @Test
  void aKeyExpiresAfterADay() {
    var first = keyed.post("/v1/threads", "{}");
    jdbc.update("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");

    var second = keyed.post("/v1/threads", "{}");

    assertThat(second.id()).isNotEqualTo(first.id());
    assertThat(replayed(second)).isFalse();
  }

  @Test
  void onlyExpiredKeysAreDeleted() {
    jdbc.update(
        """
        INSERT INTO idempotency_keys (id, project_id, fingerprint, created_at, holder, held_until)
        SELECT 'k' || n, 'p', 'f', now() - interval '25 hours', 'h', now()
        FROM generate_series(1, 2500) n""");
    keyed.post("/v1/threads", "{}");

    heldKeys.sweep();

    assertThat(keys("true")).isEqualTo(1);
  }

  @Test
  void withoutTheHeaderNothingIsStored() {
    user.post("/v1/threads", "{}");

    assertThat(keys("true")).isZero();
  }

  /** Sends the bytes of the header unchanged, which HTTP clients refuse to do. */
  private static String rawPost(String key) {
    Callable<String> call =
        () -> {
          var url = java.net.URI.create(ApiClient.base());
          try (var socket = new java.net.Socket(url.getHost(), url.getPort())) {
            var config = org.eclipse.microprofile.config.ConfigProvider.getConfig();
            var request =
                "POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Length: 2\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                    + config.getValue("threadmill.keys.api-key", String.class)
                    + "\r\nIdempotency-Key: "
                    + key
                    + "\r\n\r\n{}";
            socket
                .getOutputStream()
                .write(request.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes());
          }
        };
    try {
      return call.call();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
