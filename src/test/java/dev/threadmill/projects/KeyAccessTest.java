package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class KeyAccessTest {
  private static final String KEYS = "/v1/projects/proj_default/api_keys";

  private final ApiClient admin = ApiClient.admin();

  @Inject SettableClock clock;
  @Inject KeyUse use;
  @Inject Jdbc jdbc;
  @Inject Event<KeysChanged> signals;
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
    var made = admin.post(KEYS, body);
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return made;
  }

  private static ApiClient holderOf(ApiClient.Response made) {
    return ApiClient.withKey(made.json().path("value").asText());
  }

  @Test
  void aKeyWithoutScopesCanDoWhatKeysCouldDoBefore() {
    var made = create("{}");

    assertThat(made.json().path("scopes"))
        .extracting(each -> each.asText())
        .containsExactly("read", "run", "manage");
    assertThat(made.json().path("expires_at").isNull()).isTrue();
    assertThat(holderOf(made).post("/v1/assistants", "{\"model\": \"rehearsal\"}").status())
        .isEqualTo(200);
    assertThat(holderOf(made).get(KEYS).status()).isEqualTo(403);
  }

  @Test
  void aKeyWithTheScopeAdminManagesTheKeysOfItsProjectAndNothingOfTheServer() {
    var holder = holderOf(create("{\"scopes\": [\"admin\"]}"));

    var made = holder.post(KEYS, "{\"name\": \"by a project admin\", \"scopes\": [\"read\"]}");

    assertThat(made.status()).as(made.text()).isEqualTo(200);
    assertThat(holder.get("/v1/threads?limit=1").status()).isEqualTo(200);
    assertThat(holder.post("/v1/projects/proj_default", "{\"region\": \"eu\"}").status())
        .isEqualTo(403);
    assertThat(holder.post("/v1/projects", "{\"name\": \"x\"}").status()).isEqualTo(403);
    assertThat(holder.post("/v1/projects/proj_default/limits", "{}").status()).isEqualTo(403);
    var changed =
        holder.post(KEYS + "/" + made.id(), "{\"scopes\": [\"run\"], \"name\": \"changed\"}");
    assertThat(changed.json().path("scopes").get(0).asText()).isEqualTo("run");
    assertThat(holderOf(made).get("/v1/threads").error().path("code").asText())
        .isEqualTo("missing_scope");
    assertThat(holder.get(KEYS + "/" + made.id()).json()).isEqualTo(changed.json());
  }

  @Test
  void wrongScopesTimesAndAddressesAreRefusedByName() {
    for (var wrong :
        List.of(
            "scopes\": []",
            "scopes\": [\"everything\"]",
            "expires_at\": 1",
            "expires_at\": 99999999999999",
            "expires_after\": {\"seconds\": 0}",
            "expires_after\": {}",
            "allowed_addresses\": []",
            "allowed_addresses\": [\"example.com\"]",
            "allowed_addresses\": [\"10.0.0.0/99\"]")) {
      var answer = admin.post(KEYS, "{\"" + wrong + "}");
      assertThat(answer.status()).as(wrong).isEqualTo(400);
      assertThat(answer.error().path("param").asText()).as(wrong).startsWith(wrong.split("\"")[0]);
    }
    var key = KEYS + "/" + create("{}").id();
    assertThat(admin.post(key + "/rotate", "{\"overlap_seconds\": -1}").status()).isEqualTo(400);
    assertThat(admin.post(key, "{\"scopes\": null}").status()).isEqualTo(400);
  }

  @Test
  void aKeyStopsWorkingWhenItExpires() {
    var holder =
        holderOf(create("{\"expires_after\": {\"anchor\": \"created_at\", \"seconds\": 90}}"));
    assertThat(holder.get("/v1/models").status()).isEqualTo(200);

    clock.advance(Duration.ofSeconds(91));

    assertThat(holder.get("/v1/models").error().path("message").asText()).contains("expired");
  }

  @Test
  void theOldSecretOfARotatedKeyWorksUntilTheOverlapEnds() {
    var made = create("{\"name\": \"rotated\"}");
    var path = KEYS + "/" + made.id();
    assertThat(holderOf(made).get("/v1/models").status()).isEqualTo(200);

    var rotated = admin.post(path + "/rotate", "{\"overlap_seconds\": 120}");

    assertThat(rotated.id()).isEqualTo(made.id());
    assertThat(holderOf(made).get("/v1/models").status()).isEqualTo(200);
    assertThat(holderOf(rotated).get("/v1/models").status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(121));
    assertThat(holderOf(made).get("/v1/models").status()).isEqualTo(401);
    assertThat(holderOf(rotated).get("/v1/models").status()).isEqualTo(200);

    var again = admin.post(path + "/rotate", "{\"overlap_seconds\": 0}");
    assertThat(holderOf(rotated).get("/v1/models").status()).isEqualTo(401);
    assertThat(holderOf(again).get("/v1/models").status()).isEqualTo(200);
    assertThat(again.json().path("previous_value_until").isNull()).isTrue();
  }

  @Test
  void aKeyOfAnAddressWorksFromThereAlone() {
    var local = create("{\"allowed_addresses\": [\"127.0.0.0/8\", \"::1\"]}");
    var other = create("{\"allowed_addresses\": [\"203.0.113.7\"]}");

    assertThat(holderOf(local).get("/v1/models").status()).isEqualTo(200);
    assertThat(holderOf(other).get("/v1/models").error().path("code").asText())
        .isEqualTo("ip_not_authorized");
    assertThat(holderOf(other).with("X-Forwarded-For", "203.0.113.7").get("/v1/models").status())
        .as("this server trusts no proxy")
        .isEqualTo(401);
  }

  @Test
  void theLastUseOfAKeyIsWrittenWithoutACommitForEachRequest() {
    var made = create("{}");
    holderOf(made).get("/v1/models");
    assertThat(admin.get(KEYS + "/" + made.id()).json().path("last_used_at").isNull()).isTrue();

    use.write();

    assertThat(admin.get(KEYS + "/" + made.id()).json().path("last_used_at").asLong())
        .isCloseTo(clock.instant().getEpochSecond(), org.assertj.core.data.Offset.offset(30L));
  }

  private SseStream waitingStream(ApiClient holder) {
    var conversation = Conversation.of(holder, "streams-" + UUID.randomUUID(), "Go");
    provider.reply(Reply.hang());
    var run = conversation.run();
    return holder.events(
        "/v1/threads/" + conversation.thread() + "/runs/" + run.path("id").asText() + "/events");
  }

  private void aStreamEnds(ApiClient.Response made, Consumer<String> change) {
    var holder = holderOf(made);
    try (var stream = waitingStream(holder)) {
      change.accept(KEYS + "/" + made.id());
      var last = stream.rest().getLast();
      assertThat(last.event()).isEqualTo("error");
      assertThat(last.json().path("error").path("code").asText()).isEqualTo("invalid_api_key");
    }
  }

  @Test
  void anOpenStreamEndsWithAnErrorWhenItsKeyIsDeleted() {
    aStreamEnds(create("{}"), admin::delete);
  }

  @Test
  void aKeyThatAnotherNodeDeletesStopsWithItsSignal() {
    var made = create("{}");
    var holder = holderOf(made);
    aStreamEnds(
        made,
        _ -> {
          jdbc.update("DELETE FROM api_keys WHERE id = ?", made.id());
          assertThat(holder.get("/v1/models").status()).as("it is cached").isEqualTo(200);
          signals.fire(new KeysChanged());
          assertThat(holder.get("/v1/models").status()).isEqualTo(401);
        });
  }

  @Test
  void anOpenStreamEndsWhenItsKeyExpiresOrLosesTheScopeOrItsSecret() {
    aStreamEnds(
        create("{\"expires_after\": {\"seconds\": 100}}"),
        _ -> clock.advance(Duration.ofSeconds(101)));
    clock.reset();
    aStreamEnds(create("{}"), path -> admin.post(path, "{\"scopes\": [\"run\"]}"));
    aStreamEnds(create("{}"), path -> admin.post(path + "/rotate", "{\"overlap_seconds\": 0}"));
  }
}
