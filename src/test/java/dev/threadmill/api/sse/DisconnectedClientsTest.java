package dev.threadmill.api.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that disconnects is no error of the server, whatever it was doing. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class DisconnectedClientsTest {
  private final List<String> errors = new CopyOnWriteArrayList<>();
  private final Handler handler = new ErrorHandler();
  private final ReplyGate gate = new ReplyGate();
  private final String key = ApiClient.strangersKey();
  private final ApiClient user = ApiClient.withKey(key);
  FakeProvider provider;

  private final class ErrorHandler extends Handler {
    @Override
    public void publish(LogRecord logged) {
      if (logged.getLevel().intValue() >= Level.SEVERE.intValue()) {
        errors.add(logged.getLoggerName() + ": " + logged.getMessage());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @BeforeEach
  void listen() {
    provider.reset();
    Logger.getLogger("").addHandler(handler);
  }

  @AfterEach
  void letGo() {
    Logger.getLogger("").removeHandler(handler);
    gate.open();
  }

  /** Sends the head of a request and this part of its body. */
  private Socket send(String path, String body, int length) throws IOException {
    var server = URI.create(ApiClient.base());
    var socket = new Socket(server.getHost(), server.getPort());
    var head =
        """
        POST %s HTTP/1.1\r
        Host: %s\r
        Authorization: Bearer %s\r
        Content-Type: application/json\r
        Content-Length: %d\r
        \r
        """
            .formatted(path, server.getAuthority(), key, length);
    socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  private Socket send(String path, JsonNode body) throws IOException {
    return send(path, body.toString(), body.toString().getBytes(StandardCharsets.UTF_8).length);
  }

  private void noErrorIsLogged() {
    await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(5)).until(errors::isEmpty);
    assertThat(user.get("/v1/models").status()).isEqualTo(200);
  }

  @Test
  void inTheMiddleOfItsBody() throws IOException {
    for (var path : List.of("/v1/threads", "/v1/mcp", "/v1/chat/completions")) {
      try (var socket = send(path, "{\"messages\": [", 5_000)) {
        socket.setSoLinger(true, 0);
      }
    }

    noErrorIsLogged();
  }

  @Test
  void whileAModelAnswers() throws IOException {
    provider.replyTo("gated", Reply.text("one two three").withGate(gate));
    for (var stream : List.of(false, true)) {
      var body =
          Json.MAPPER
              .createObjectNode()
              .put("model", "gated")
              .put("stream", stream)
              .set("messages", Json.tree("[{\"role\": \"user\", \"content\": \"Go.\"}]"));
      int calls = provider.requests().size();
      try (var socket = send("/v1/chat/completions", body)) {
        await().until(() -> provider.requests().size() > calls);
        socket.setSoLinger(true, 0);
      }
    }

    noErrorIsLogged();
  }

  @Test
  void inTheMiddleOfAStream() throws IOException {
    provider.replyTo("gated", Reply.text("one two three").withGate(gate));
    var conversation = Conversation.of(user, "gated", "Go.");
    try (var socket =
        send(conversation.path() + "/runs", conversation.body().put("stream", true))) {
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      socket.setSoLinger(true, 0);
    }
    gate.open();

    noErrorIsLogged();
  }
}
