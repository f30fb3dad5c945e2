package dev.threadmill.projects.oidc;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ConsoleBrowser;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.OidcIssuer;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(OidcIssuer.class)
class OidcAdminsTest {
  @Inject SettableClock clock;
  OidcIssuer issuer;

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(issuer.issuer())
        .audience(OidcIssuer.CLIENT_ID)
        .subject("f3b1")
        .claim("email", "ada@example.com")
        .claim("realm_access", Map.of("roles", List.of("reader", "threadmill-admin")))
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  private ApiClient holder(Function<JWTClaimsSet.Builder, JWTClaimsSet.Builder> change) {
    return ApiClient.withKey(issuer.sign(change.apply(claims()).build()));
  }

  @Test
  void anAdminSignsInWithATokenOfTheProviderAndIsNamedInTheAuditLog() {
    var ada = holder(claims -> claims);

    var project = ada.post("/v1/projects", "{\"name\": \"by ada\"}");

    assertThat(project.status()).as(project.text()).isEqualTo(200);
    assertThat(ada.get("/v1/projects?limit=1").status()).isEqualTo(200);
    var entry = ada.get("/v1/audit_logs?resource_ids[]=" + project.id()).json().path("data").get(0);
    assertThat(entry.at("/actor/type").asText()).isEqualTo("session");
    assertThat(entry.at("/actor/session/user/email").asText()).isEqualTo("ada@example.com");
    assertThat(entry.path("type").asText()).isEqualTo("project.created");
  }

  @Test
  void aReaderSeesWhatAdminsSeeAndChangesNothing() {
    var ada = holder(claims -> claims);
    var project = ada.post("/v1/projects", "{\"name\": \"read by bob\"}").id();
    var bob =
        holder(
            claims ->
                claims
                    .subject("b0b")
                    .claim("realm_access", Map.of("roles", List.of("threadmill-reader"))));

    for (var path :
        List.of(
            "/v1/projects",
            "/v1/projects/" + project,
            "/v1/projects/" + project + "/limits",
            "/v1/projects/" + project + "/api_keys",
            "/v1/audit_logs",
            "/v1/organization/usage/completions?start_time=0")) {
      assertThat(bob.get(path).status()).as(path).isEqualTo(200);
    }
    for (var path :
        List.of(
            "/v1/projects",
            "/v1/projects/" + project,
            "/v1/projects/" + project + "/limits",
            "/v1/projects/" + project + "/api_keys",
            "/v1/client_tokens",
            "/v1/chat/completions")) {
      var refused = bob.post(path, "{}");
      assertThat(refused.status()).as(path + " " + refused.text()).isEqualTo(403);
    }
    assertThat(bob.delete("/v1/projects/" + project + "/users/u").status()).isEqualTo(403);
    assertThat(bob.get("/v1/projects/" + project + "/logs/debug").status()).isEqualTo(403);

    // A session of the console has the rights of the token that opened it.
    var browser = ConsoleBrowser.signIn(bob).page();
    assertThat(browser.get("/v1/projects/" + project).status()).isEqualTo(200);
    assertThat(browser.post("/v1/projects/" + project, "{}").status()).isEqualTo(403);
  }

  @Test
  void aTokenOpensASessionOfTheConsoleThatEndsWithTheToken() {
    var browser = ConsoleBrowser.signIn(holder(claims -> claims)).page();

    assertThat(browser.get("/v1/projects?limit=1").status()).isEqualTo(200);
    var session = browser.get("/v1/console_sessions/current").json();
    assertThat(session.path("name").asText()).isEqualTo("ada@example.com");
    assertThat(session.path("admin").asBoolean()).isTrue();
    assertThat(browser.post("/v1/console_sessions", "").status()).isEqualTo(403);
    clock.advance(Duration.ofSeconds(601));
    assertThat(browser.get("/v1/projects?limit=1").status()).isEqualTo(401);
  }

  @Test
  void aTokenThatIsNotForThisServerOrNotValidIsRefused() {
    for (var refused :
        List.of(
            holder(claims -> claims.audience("another")),
            holder(claims -> claims.issuer("https://elsewhere.example.com")),
            holder(claims -> claims.expirationTime(null)),
            holder(claims -> claims.expirationTime(Date.from(Instant.now().minusSeconds(600)))),
            holder(claims -> claims.notBeforeTime(Date.from(Instant.now().plusSeconds(300)))),
            holder(claims -> claims.subject(null)),
            ApiClient.withKey(issuer.forge(claims().build())),
            ApiClient.withKey(new PlainJWT(claims().build()).serialize() + "x"),
            ApiClient.withKey(issuer.sign(claims().build()) + "x"))) {
      var answer = refused.get("/v1/projects");
      assertThat(answer.status()).as(answer.text()).isEqualTo(401);
      assertThat(answer.error().path("code").asText()).isEqualTo("invalid_api_key");
    }
  }

  @Test
  void aUserWithoutTheRoleIsNoAdmin() {
    var reader = holder(claims -> claims.claim("realm_access", Map.of("roles", List.of("reader"))));

    assertThat(reader.get("/v1/projects").status()).isEqualTo(403);
    assertThat(holder(claims -> claims.claim("realm_access", null)).get("/v1/models").status())
        .isEqualTo(403);
  }

  @Test
  void aTokenStopsWorkingWhenItExpires() {
    var ada = holder(claims -> claims);
    assertThat(ada.get("/v1/projects?limit=1").status()).isEqualTo(200);

    clock.advance(Duration.ofMinutes(12));

    assertThat(ada.get("/v1/projects?limit=1").status()).isEqualTo(401);
  }
}
