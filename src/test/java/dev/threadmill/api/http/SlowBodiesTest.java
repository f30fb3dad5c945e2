package dev.threadmill.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies that arrive slowly, in tiny pieces, or not to their end. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(120)
class SlowBodiesTest {
  private static final int LARGE = 9_000_000;

  private final ApiClient user = ApiClient.user();
  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (var socket : sockets) {
      socket.close();
    }
  }

  private Socket post(String header) throws IOException {
    var uri = URI.create(ApiClient.base());
    var socket = new Socket(uri.getHost(), uri.getPort());
    sockets.add(socket);
    socket.setSoTimeout(60_000);
    send(
        socket,
        """
        POST /v1/threads HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer %s\r
        Content-Type: application/json\r
        %s\r
        \r
        """
            .formatted(
                ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class),
                header));
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  private static String statusLine(Socket socket) throws IOException {
    var line = new StringBuilder();
    var in = socket.getInputStream();
    for (int c = in.read(); c >= 0 && c != '\r'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  @Test
  void aBodyMayComeInPieces() throws IOException {
    var socket = post("Transfer-Encoding: chunked");
    for (char c : "{\"metadata\": {\"a\": \"b\"}}".toCharArray()) {
      send(socket, "1\r\n" + c + "\r\n");
    }
    send(socket, "0\r\n\r\n");

    assertThat(statusLine(socket)).contains("200");
  }

  @Test
  void aLargeBodyInManyPiecesArrivesWhole() {
    var text = "é".repeat(200_000);

    var thread =
        user.post(
            "/v1/threads",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}".formatted(text));

    assertThat(thread.status()).isEqualTo(200);
    var messages = user.get("/v1/threads/" + thread.id() + "/messages").json();
    assertThat(messages.at("/data/0/content/0/text/value").asText()).isEqualTo(text);
  }

  @Test
  void aBodyOfThousandsOfTinyPiecesIsRefused() throws IOException {
    var socket = post("Transfer-Encoding: chunked");
    var pieces = "1\r\n \r\n".repeat(1_000);
    try {
      for (int i = 0; i < 40; i++) {
        send(socket, pieces);
      }
    } catch (IOException e) {
      // The server has answered and closed the connection.
    }

    assertThat(statusLine(socket)).contains("400");
  }

  @Test
  void manySlowLargeBodiesDoNotDelayAnother() throws IOException {
    for (int i = 0; i < 200; i++) {
      send(post("Content-Length: " + LARGE), " ".repeat(300_000));
    }
    var body = "{\"metadata\": {}}" + " ".repeat(LARGE);

    long started = System.nanoTime();
    var answer = user.post("/v1/threads", body);
    var took = Duration.ofNanos(System.nanoTime() - started);

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(took).isLessThan(Duration.ofSeconds(8));
  }

  @Test
  void aBodyThatDoesNotArriveIsA408() throws IOException {
    var socket = post("Content-Length: 1000");
    send(socket, "{");

    assertThat(statusLine(socket)).contains("408");
  }

  @Test
  void aClientThatExpectsContinueReceivesIt() throws IOException {
    var socket = post("Expect: 100-continue\r\nContent-Length: 2");
    assertThat(statusLine(socket)).contains("100");
    send(socket, "{}");

    var in = socket.getInputStream();
    for (int c = in.read(); c == '\r' || c == '\n'; c = in.read()) {}
    assertThat(statusLine(socket)).contains("200");
  }
}
