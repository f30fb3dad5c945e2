package dev.threadmill.tools.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.egress.EgressClients;
import dev.threadmill.guard.SecretText;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.tools.ToolException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AccessTokenCacheTest {
  private static final ProjectId PROJECT = new ProjectId("proj_one");
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final AtomicInteger issued = new AtomicInteger();
  private final RecordingServer server = RecordingServer.start();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final AccessTokenCache tokens =
      new AccessTokenCache(EgressClients.forTools(TIMEOUT, "127.0.0.1"), () -> now);

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aTokenIsAskedForByClientCredentialsAndKeptWhileItIsGood() throws Exception {
    // Given
    server.on("/token", (exchange, _) -> issue(exchange, 3600));

    // When
    var first = token("secret", null);
    now = now.plusSeconds(3500);
    var second = token("secret", null);

    // Then
    assertThat(first).isEqualTo("token-1").isEqualTo(second);
    var call = server.calls().getFirst();
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.header("content-type")).startsWith("application/x-www-form-urlencoded");
    assertThat(call.header("authorization"))
        .isEqualTo("Basic " + Base64.getEncoder().encodeToString("me:secret".getBytes()));
    assertThat(URLDecoder.decode(call.body(), StandardCharsets.UTF_8).split("&"))
        .containsExactlyInAnyOrder(
            "grant_type=client_credentials", "scope=read write", "audience=https://api.example");
  }

  @Test
  void aTokenIsRenewedShortlyBeforeItsEnd() throws Exception {
    server.on("/token", (exchange, _) -> issue(exchange, 3600));
    token("secret", null);

    now = now.plusSeconds(3571);

    assertThat(token("secret", null)).isEqualTo("token-2");
  }

  @Test
  void aTokenThatWasRefusedIsNotGivenAgain() throws Exception {
    server.on("/token", (exchange, _) -> issue(exchange, 3600));
    var refused = token("secret", null);

    assertThat(token("secret", refused)).isEqualTo("token-2");
    // Another call that was refused with the same token takes the new one.
    assertThat(token("secret", refused)).isEqualTo("token-2");
  }

  @Test
  void otherCredentialsAreOtherTokens() throws Exception {
    server.on("/token", (exchange, _) -> issue(exchange, 3600));

    assertThat(token("secret", null)).isEqualTo("token-1");
    assertThat(token("other", null)).isEqualTo("token-2");
  }

  @Test
  void manyCallsAtOnceAskOnce() throws Exception {
    server.on("/token", (exchange, _) -> issue(exchange, 3600));
    Callable<String> ask = () -> token("secret", null);

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : threads.invokeAll(java.util.Collections.nCopies(50, ask))) {
        assertThat(answer.get()).isEqualTo("token-1");
      }
    }

    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void aServerThatWantsTheSecretInTheBodyGetsItThere() throws Exception {
    server.on(
        "/token",
        (exchange, call) -> {
          if (call.header("authorization") != null) {
            RecordingServer.reply(
                exchange, 401, "application/json", "{\"error\": \"invalid_client\"}");
          } else {
            issue(exchange, 60);
          }
        });

    assertThat(token("secret", null)).isEqualTo("token-1");
    assertThat(server.calls().getLast().body()).contains("client_id=me", "client_secret=secret");
  }

  @Test
  void aRefusalNamesTheErrorAndNoSecret() {
    server.on("/token", RecordingServer.json(400, "{\"error\": \"invalid_scope\"}"));

    var failure = catchThrowableOfType(ToolException.class, () -> token("s3cret", null));

    assertThat(failure.getMessage()).contains("invalid_scope").doesNotContain("s3cret");
    assertThat(failure.isRetryable()).isFalse();
  }

  @Test
  void aResponseThatIsNotOAuthIsAnErrorThatSaysSo() {
    server.on(
        "/token", (exchange, _) -> RecordingServer.reply(exchange, 200, "text/html", "<html>"));

    var failure = catchThrowableOfType(ToolException.class, () -> token("secret", null));

    assertThat(failure.getMessage()).contains("not one of OAuth 2");
  }

  @Test
  void aServerThatIsDownMayBeTriedAgain() {
    server.on("/token", RecordingServer.json(503, "{}"));

    var failure = catchThrowableOfType(ToolException.class, () -> token("secret", null));

    assertThat(failure.isRetryable()).isTrue();
  }

  private void issue(com.sun.net.httpserver.HttpExchange exchange, int seconds)
      throws java.io.IOException {
    RecordingServer.reply(
        exchange,
        200,
        "application/json",
        "{\"access_token\": \"token-%d\", \"token_type\": \"Bearer\", \"expires_in\": %d}"
            .formatted(issued.incrementAndGet(), seconds));
  }

  private String token(String secret, String refused) throws ToolException, InterruptedException {
    var auth =
        new WebhookAuth.OAuth2(
            server.url("/token"),
            "me",
            new SecretText.Plain(secret),
            List.of("read", "write"),
            "https://api.example");
    return tokens.token(PROJECT, auth, secret, List.of(), TIMEOUT, refused);
  }
}
