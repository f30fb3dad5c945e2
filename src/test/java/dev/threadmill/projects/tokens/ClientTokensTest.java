package dev.threadmill.projects.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ClientTokensTest {
  private static final String TOKENS = "/v1/client_tokens";

  private final ApiClient key = ApiClient.user();
  private final String model = "tokens-" + UUID.randomUUID();

  @Inject SettableClock clock;
  @Inject DeleteExpiredTokens deleteExpired;
  FakeProvider provider;

  @BeforeEach
  void start() {
    provider.reset();
    clock.reset();
  }

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  private ApiClient.Response create(String body) {
    var made = key.post(TOKENS, body);
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return made;
  }

  private ApiClient.Response createFor(String user) {
    return create("{\"user\": \"%s\"}".formatted(user));
  }

  private static ApiClient holderOf(ApiClient.Response made) {
    return ApiClient.withKey(made.json().path("value").asText());
  }

  private String assistant() {
    return key.post("/v1/assistants", "{\"model\": \"%s\"}".formatted(model)).id();
  }

  @Test
  void aUserOpensAndSeesOwnThreadsAndNoOthers() {
    var user = "ada-" + UUID.randomUUID();
    var ada = holderOf(createFor(user));
    var bob = holderOf(createFor("bob-" + UUID.randomUUID()));
    var opened = ada.post("/v1/threads", "{\"metadata\": {\"topic\": \"x\"}}");
    var byBackend =
        key.post("/v1/threads", "{\"metadata\": {\"user\": \"%s\"}}".formatted(user)).id();
    var ofNobody = key.post("/v1/threads", "{}").id();

    assertThat(opened.json().path("metadata").path("user").asText()).isEqualTo(user);
    assertThat(ada.get("/v1/threads").json().path("data").findValuesAsText("id"))
        .containsExactlyInAnyOrder(opened.id(), byBackend);
    assertThat(bob.get("/v1/threads").json().path("data")).isEmpty();
    for (var thread : List.of(opened.id(), ofNobody)) {
      var path = "/v1/threads/" + thread;
      assertThat(bob.get(path).status()).isEqualTo(404);
      assertThat(bob.get(path + "/messages").status()).isEqualTo(404);
      assertThat(bob.post(path + "/fork", "{}").status()).isEqualTo(404);
      assertThat(bob.delete(path).status()).isEqualTo(404);
    }
    var changed = ada.post("/v1/threads/" + opened.id(), "{\"metadata\": {\"a\": \"b\"}}");
    assertThat(changed.json().path("metadata").path("user").asText()).isEqualTo(user);
    var fork = ada.post("/v1/threads/" + opened.id() + "/fork", "{\"metadata\": null}");
    assertThat(fork.json().path("metadata").path("user").asText()).isEqualTo(user);
    for (var path : List.of("/v1/threads", "/v1/threads/" + opened.id())) {
      assertThat(ada.post(path, "{\"metadata\": {\"user\": \"bob\"}}").status()).isEqualTo(403);
    }
  }

  @Test
  void aTokenRunsItsAssistantsAsTheyAre() {
    var allowed = assistant();
    var other = assistant();
    var ada = holderOf(create("{\"user\": \"ada\", \"assistants\": [\"%s\"]}".formatted(allowed)));
    var thread = ada.post("/v1/threads", "{}").id();
    var runs = "/v1/threads/" + thread + "/runs";
    provider.reply(Reply.text("Done."));

    assertThat(ada.post(runs, "{\"assistant_id\": \"%s\"}".formatted(other)).status())
        .isEqualTo(403);
    for (var field :
        List.of(
            "\"model\": \"" + model + "\"",
            "\"instructions\": \"x\"",
            "\"additional_instructions\": \"x\"",
            "\"tools\": []",
            "\"budget\": {\"tokens\": 1000000}")) {
      var refused = ada.post(runs, "{\"assistant_id\": \"%s\", %s}".formatted(allowed, field));
      assertThat(refused.status()).as(field + refused.text()).isEqualTo(403);
      assertThat(refused.text()).contains(field.split("\"")[1]);
    }
    var withTools = "{\"tool_resources\": {\"file_search\": {\"vector_store_ids\": [\"vs_x\"]}}}";
    assertThat(ada.post("/v1/threads", withTools).status()).isEqualTo(403);
    assertThat(ada.post("/v1/threads/" + thread, withTools).status()).isEqualTo(403);

    var run =
        ada.stream(runs, "{\"assistant_id\": \"%s\", \"stream\": true}".formatted(allowed)).rest();
    assertThat(SseStream.names(run)).contains("thread.message.completed", "done");
  }

  @Test
  void aUserSeesOwnFilesAndNoOthers() {
    var ada = holderOf(createFor("ada-" + UUID.randomUUID()));
    var bob = holderOf(createFor("bob-" + UUID.randomUUID()));
    var form = new FormBody().field("purpose", "assistants").file("file", "a.txt", "mine");
    var file = form.post(ada, "/v1/files").id();
    var ofProject =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "b.txt", "theirs")
            .post(key, "/v1/files")
            .id();

    assertThat(ada.get("/v1/files").json().path("data").findValuesAsText("id"))
        .containsExactly(file);
    assertThat(ada.get("/v1/files/" + file + "/content").text()).isEqualTo("mine");
    assertThat(bob.get("/v1/files").json().path("data")).isEmpty();
    for (var hidden : List.of(file, ofProject)) {
      assertThat(bob.get("/v1/files/" + hidden).status()).isEqualTo(404);
      assertThat(bob.get("/v1/files/" + hidden + "/content").status()).isEqualTo(404);
      assertThat(bob.delete("/v1/files/" + hidden).status()).isEqualTo(404);
    }
    var thread = bob.post("/v1/threads", "{}").id();
    var attached =
        """
        {"role": "user", "content": "x",
         "attachments": [{"file_id": "%s", "tools": [{"type": "file_search"}]}]}"""
            .formatted(file);
    assertThat(bob.post("/v1/threads/" + thread + "/messages", attached).status()).isEqualTo(400);
    assertThat(ada.delete("/v1/files/" + file).status()).isEqualTo(200);
  }

  @Test
  void aTokenWorksForPagesOfItsOriginsAlone() {
    var made = create("{\"user\": \"ada\", \"origins\": [\"http://127.0.0.1:5555\"]}");
    var page = holderOf(made);

    assertThat(page.with("Origin", "http://127.0.0.1:5555").get("/v1/threads").status())
        .isEqualTo(200);
    assertThat(page.with("Origin", "http://127.0.0.1:6666").get("/v1/threads").status())
        .isEqualTo(403);
    assertThat(page.get("/v1/threads").status()).isEqualTo(403);
    for (var wrong : List.of("app.example.com", "https://app.example.com/", "*")) {
      assertThat(
              key.post(TOKENS, "{\"user\": \"a\", \"origins\": [\"%s\"]}".formatted(wrong))
                  .error()
                  .path("param")
                  .asText())
          .isEqualTo("origins[0]");
    }
  }

  @Test
  void theRatesAndBudgetsOfATokenApplyBesidesThoseOfItsKey() {
    var assistant = assistant();
    var tokenOfOne =
        holderOf(create("{\"user\": \"ada\", \"limits\": {\"requests_per_minute\": 1}}"));
    var tenant =
        ApiClient.admin()
            .post(
                "/v1/projects/proj_default/api_keys", "{\"limits\": {\"requests_per_minute\": 1}}");
    var backend = holderOf(tenant);
    var body = "{\"assistant_id\": \"%s\"}".formatted(assistant);
    provider.reply(Reply.text("One."), Reply.text("Two."));

    assertThat(tokenOfOne.post("/v1/threads/runs", body).status()).isEqualTo(200);
    assertThat(tokenOfOne.post("/v1/threads/runs", body).status()).isEqualTo(429);
    var first = backend.post(TOKENS, "{\"user\": \"ada\"}");
    var second = backend.post(TOKENS, "{\"user\": \"bob\"}");
    assertThat(holderOf(first).post("/v1/threads/runs", body).status()).isEqualTo(200);
    assertThat(holderOf(second).post("/v1/threads/runs", body).status())
        .as("the limits of the key bound all of its tokens")
        .isEqualTo(429);
    assertThat(key.post(TOKENS, "{\"user\": \"a\", \"limits\": {\"x\": 1}}").status())
        .isEqualTo(400);
  }

  @Test
  void aTokenIsRefreshedExpiresAndIsDeleted() {
    var made = create("{\"user\": \"ada\", \"expires_after\": {\"seconds\": 60}}");
    clock.advance(Duration.ofSeconds(50));

    var refreshed = key.post(TOKENS + "/" + made.id() + "/refresh", "{}");

    assertThat(refreshed.id()).isEqualTo(made.id());
    assertThat(holderOf(made).get("/v1/threads").status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(20));
    assertThat(holderOf(made).get("/v1/threads").status()).isEqualTo(401);
    assertThat(holderOf(refreshed).get("/v1/threads").status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(50));
    assertThat(holderOf(refreshed).get("/v1/threads").status()).isEqualTo(401);
    assertThat(key.post(TOKENS + "/" + made.id() + "/refresh", "{}").status()).isEqualTo(404);
    assertThat(key.get(TOKENS).json().path("data").findValuesAsText("id"))
        .doesNotContain(made.id());
    clock.advance(Duration.ofDays(2));
    deleteExpired.cleanUp();
    assertThat(key.get(TOKENS + "/" + made.id()).status()).isEqualTo(404);
  }

  @Test
  void aRevokedTokenStopsAtOnceAndEndsItsOpenStream() {
    var made = createFor("ada");
    var ada = holderOf(made);
    var assistant = assistant();
    provider.reply(Reply.hang());
    var run =
        ada.post("/v1/threads/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant)).json();
    var path = "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + run.path("id").asText();
    assertThat(key.get(TOKENS + "?user=ada").json().path("data").findValuesAsText("id"))
        .contains(made.id());
    try (var stream = ada.events(path + "/events")) {
      assertThat(key.delete(TOKENS + "/" + made.id()).status()).isEqualTo(200);

      assertThat(stream.rest().getLast().event()).isEqualTo("error");
    }
    assertThat(ada.get(path).status()).isEqualTo(401);
    assertThat(ApiClient.stranger().get(TOKENS + "/" + made.id()).status()).isEqualTo(404);
  }

  @Test
  void aTokenEndsWithTheKeyThatCreatedIt() {
    var keys = "/v1/projects/proj_default/api_keys";
    var backend = ApiClient.admin().post(keys, "{}");
    var token = holderOf(holderOf(backend).post(TOKENS, "{\"user\": \"ada\"}"));
    assertThat(token.get("/v1/threads").status()).isEqualTo(200);

    ApiClient.admin().delete(keys + "/" + backend.id());

    assertThat(token.get("/v1/threads").status()).isEqualTo(401);
    var reader = holderOf(ApiClient.admin().post(keys, "{\"scopes\": [\"run\"]}"));
    var blind = holderOf(reader.post(TOKENS, "{\"user\": \"ada\"}"));
    assertThat(blind.get("/v1/threads").error().path("code").asText()).isEqualTo("missing_scope");
  }
}
