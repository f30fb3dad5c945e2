package dev.threadmill.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ConsoleBrowser;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ConsoleSessionTest {
  private static final String SESSIONS = "/v1/console_sessions";
  private static final String KEYS = "/v1/projects/proj_default/api_keys";

  private final ApiClient admin = ApiClient.admin();

  @Inject SettableClock clock;

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  private record Key(String id, ApiClient holder) {}

  private Key key(String body) {
    var made = admin.post(KEYS, body);
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return new Key(made.id(), ApiClient.withKey(made.json().path("value").asText()));
  }

  @Test
  void aKeyOpensASessionThatHasTheRightsOfTheKeyAndACookieThatScriptsCannotRead() {
    var reader = key("{\"scopes\": [\"read\"]}");

    var opened = reader.holder().post(SESSIONS, "");
    var encrypted = reader.holder().with("X-Forwarded-Proto", "https").post(SESSIONS, "");

    var cookie = opened.headers().firstValue("Set-Cookie").orElseThrow();
    assertThat(cookie)
        .startsWith("threadmill_console=cs-")
        .containsIgnoringCase("; HttpOnly")
        .contains("SameSite=Strict", "Path=/", "Max-Age=")
        .doesNotContain("Secure");
    assertThat(encrypted.headers().firstValue("Set-Cookie").orElseThrow()).contains("Secure");
    assertThat(opened.text()).doesNotContain("cs-");
    var browser = ConsoleBrowser.signIn(reader.holder()).page();
    var session = browser.get(SESSIONS + "/current").json();
    assertThat(session.path("admin").asBoolean()).isFalse();
    assertThat(session.path("project_id").asText()).isEqualTo("proj_default");
    assertThat(session.path("scopes").toString()).isEqualTo("[\"read\"]");
    assertThat(browser.get("/v1/threads").status()).isEqualTo(200);
    assertThat(browser.post("/v1/threads", "{}").error().path("code").asText())
        .isEqualTo("missing_scope");
    var ofAdmin = ConsoleBrowser.signIn(admin).page();
    assertThat(ofAdmin.get("/v1/projects").status()).isEqualTo(200);
    assertThat(ofAdmin.get(SESSIONS + "/current").json().path("admin").asBoolean()).isTrue();
  }

  @Test
  void aCookieIsOfNoUseToPagesOfOthers() {
    var browser = ConsoleBrowser.signIn(ApiClient.user());

    var form = browser.otherPage().post("/v1/threads", "{}");
    var link = browser.otherPage().get("/v1/threads");
    assertThat(form.status()).isEqualTo(401);
    assertThat(link.status()).isEqualTo(401);
    for (var site : new String[] {"cross-site", "same-site", "none"}) {
      var script = browser.page().with("Sec-Fetch-Site", site).post("/v1/threads", "{}");
      assertThat(script.status()).as(site).isEqualTo(403);
    }
    for (var origin : new String[] {"http://127.0.0.1:1", "null", "https://evil.example.com"}) {
      var script = browser.page().with("Origin", origin).post("/v1/threads", "{}");
      assertThat(script.status()).as(origin).isEqualTo(403);
    }
    var own = browser.page().with("Origin", ApiClient.base());
    assertThat(own.post("/v1/threads", "{}").status()).isEqualTo(200);
    var marked = browser.page().with("Sec-Fetch-Site", "same-origin");
    assertThat(marked.post("/v1/threads", "{}").status()).isEqualTo(200);
    var garbage = ApiClient.anonymous().with("X-Threadmill-Console", "1");
    assertThat(garbage.with("Cookie", "threadmill_console=%00;x").get("/v1/threads").status())
        .isEqualTo(401);
  }

  @Test
  void aSessionEndsWithItsKeyAtOnceAlsoOnOpenStreams() {
    var key = key("{}");
    var browser = ConsoleBrowser.signIn(key.holder()).page();
    assertThat(browser.get("/v1/threads").status()).isEqualTo(200);
    try (var stream = browser.events("/v1/projects/proj_default/logs?stream=true")) {
      admin.delete(KEYS + "/" + key.id());

      assertThat(browser.get("/v1/threads").status()).isEqualTo(401);
      assertThat(stream.rest())
          .anyMatch(frame -> frame.lines().toString().contains("invalid_api_key"));
    }
  }

  @Test
  void aRotationWithoutOverlapAndAnExpiryEndTheSession() {
    var rotated = key("{}");
    var expiring = key("{\"expires_after\": {\"seconds\": 600}}");
    var first = ConsoleBrowser.signIn(rotated.holder()).page();
    var second = ConsoleBrowser.signIn(expiring.holder()).page();
    var third = ConsoleBrowser.signIn(ApiClient.user()).page();

    admin.post(KEYS + "/" + rotated.id() + "/rotate", "{\"overlap_seconds\": 0}");
    assertThat(first.get("/v1/threads").status()).isEqualTo(401);
    clock.advance(Duration.ofMinutes(11));
    assertThat(second.get("/v1/threads").status()).isEqualTo(401);
    assertThat(third.get("/v1/threads").status()).isEqualTo(200);
    clock.advance(Duration.ofHours(12));
    assertThat(third.get("/v1/threads").status()).isEqualTo(401);
  }

  @Test
  void signingOutEndsThisSessionAndNoOther() {
    var one = ConsoleBrowser.signIn(ApiClient.user());
    var other = ConsoleBrowser.signIn(ApiClient.user());
    assertThat(one.page().get("/v1/threads").status()).isEqualTo(200);

    var ended = one.page().delete(SESSIONS + "/current");

    assertThat(ended.status()).isEqualTo(200);
    assertThat(ended.headers().firstValue("Set-Cookie").orElseThrow()).contains("Max-Age=0");
    assertThat(one.page().get("/v1/threads").status()).isEqualTo(401);
    assertThat(other.page().get("/v1/threads").status()).isEqualTo(200);
    assertThat(ApiClient.user().delete(SESSIONS + "/current").status()).isEqualTo(404);
  }

  @Test
  void aSessionCannotExtendItselfAndAClientTokenOpensNone() {
    var browser = ConsoleBrowser.signIn(ApiClient.user());
    var token = ApiClient.user().post("/v1/client_tokens", "{\"user\": \"ada\"}");
    var holder = ApiClient.withKey(token.json().path("value").asText());

    assertThat(browser.page().post(SESSIONS, "").status()).isEqualTo(403);
    assertThat(holder.post(SESSIONS, "").status()).isEqualTo(403);
  }
}
