package dev.threadmill.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.api.Json;
import dev.threadmill.api.SilentClients;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the settings of a server in a process of its own do to HTTP. */
@Timeout(300)
class HttpServerTest {
  private static final String ORIGIN = "https://app.example.com";
  private static final String SDK_HEADERS =
      "authorization,content-type,openai-beta,openai-organization,openai-project,idempotency-key,"
          + "last-event-id,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-retry-count,"
          + "x-stainless-runtime,x-stainless-timeout,x-client-request-id,api-key";

  private static Cluster cluster;
  private static URI server;

  @BeforeAll
  static void start() {
    cluster = Cluster.of(1).with("THREADMILL_CORS_ORIGINS", ORIGIN);
    cluster
        .node(0)
        .withJvmOption("-Dthreadmill.http.head-timeout=2")
        .withJvmOption("-Dthreadmill.http.stall-timeout=2");
    cluster.start();
    server = URI.create(cluster.node(0).url());
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void aHeadThatArrivesByteByByteLosesItsConnectionAndOthersKeepTheirs() throws Exception {
    try (var slow = new Socket(server.getHost(), server.getPort());
        var patient = new Socket(server.getHost(), server.getPort())) {
      patient.setSoTimeout(20_000);
      assertThat(healthOver(patient)).contains("200");

      assertThat(isClosedWhileDripping(slow)).isTrue();

      assertThat(healthOver(patient)).as("a connection between two requests").contains("200");
    }
  }

  @Test
  void aClientThatReadsNothingLosesItsConnectionAndOneThatReadsSlowlyGetsTheWholeAnswer()
      throws Exception {
    var api = cluster.api(cluster.node(0));
    var text = "word ".repeat(50_000);
    var messages = "{\"role\": \"user\", \"content\": \"%s\"},".formatted(text).repeat(30);
    var thread =
        api.post(
                "/v1/threads",
                "{\"messages\": [%s]}".formatted(messages.substring(0, messages.length() - 1)))
            .id();
    var path = "/v1/threads/" + thread + "/messages?limit=100";
    try (var clients = new SilentClients(cluster.node(0).url(), cluster.apiKey())) {
      var silent = clients.get(path);
      var slow = clients.get(path).getInputStream();
      var read = new ByteArrayOutputStream();
      var pieces = new AtomicInteger();
      await()
          .pollInterval(Duration.ofMillis(500))
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                read.write(slow.readNBytes(400_000));
                return pieces.incrementAndGet() > 8;
              });
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                try {
                  silent.getOutputStream().write('\n');
                  return false;
                } catch (IOException e) {
                  return true;
                }
              });

      var head = read.toString(StandardCharsets.US_ASCII);
      int length = Integer.parseInt(head.replaceFirst("(?is).*?\\ncontent-length: (\\d+).*", "$1"));
      read.write(slow.readNBytes(head.indexOf("\r\n\r\n") + 4 + length - read.size()));
      var answer = read.toString(StandardCharsets.UTF_8);
      var body = Json.MAPPER.readTree(answer.substring(answer.indexOf("\r\n\r\n")));
      assertThat(head).containsIgnoringCase("\ncontent-type: application/json");
      assertThat(body.path("data")).hasSize(30);
      assertThat(body.at("/data/29/content/0/text/value").asText()).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "limit=%, limit",
    "limit=%zz, limit",
    "limit=%2, limit",
    "after=%%, after",
    "order=%E0%A4%A, order",
    "a=1&limit=%&b=2, limit",
  })
  void aMalformedQueryIsA400ThatNamesTheParameter(String query, String param) throws IOException {
    assertThat(send("GET /v1/assistants?" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .startsWith("HTTP/1.1 400 ")
        .contains("\"param\":\"" + param + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "'GET /v1/models\r\nHost: localhost\r\n\r\n', 400, malformed_request",
    "'NONSENSE\r\n\r\n', 400, malformed_request",
    "'GET /v1/models HTTP/1.1\r\nno colon\r\n\r\n', 400, malformed_request",
    "'GET /v1/assistants/%2e%2e?a=% HTTP/1.1\r\nHost: a\r\n\r\n', 400, invalid_value",
  })
  void aHeadThatCannotBeReadIsAnErrorInTheFormOfAllOthers(String request, int status, String code)
      throws IOException {
    assertThat(send(request)).startsWith("HTTP/1.1 " + status).contains("\"code\":\"" + code);
  }

  @Test
  void aUrlOrHeaderThatIsTooLongIsAnErrorInTheFormOfAllOthers() throws IOException {
    assertThat(send("GET /v1/models?a=" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"))
        .startsWith("HTTP/1.1 414 ")
        .contains("url_too_long");
    assertThat(
            send(
                "GET /v1/models HTTP/1.1\r\nHost: a\r\nX-Long: " + "x".repeat(40_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ")
        .contains("headers_too_long");
  }

  private static String send(String request) throws IOException {
    try (var socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void aClientThatAsksForHttp2IsAnsweredInHttp11() throws Exception {
    try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      var answer =
          client.send(
              HttpRequest.newBuilder(server.resolve("/v1/threads"))
                  .header("Authorization", "Bearer " + cluster.apiKey())
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString("{}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }
  }

  @Test
  void aConnectionThatBeginsWithThePrefaceOfHttp2IsRefused() throws Exception {
    try (var socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      // A server of HTTP/2 begins with a frame of settings.
      assertThat(answer)
          .satisfiesAnyOf(
              text -> assertThat(text).isEmpty(), text -> assertThat(text).startsWith("HTTP/"));
    }
  }

  @Test
  void aPageOfAnAllowedOriginMayCallTheApiWithEveryHeaderThatSdksSend() throws Exception {
    var answer = preflight(ORIGIN);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("access-control-allow-origin")).contains(ORIGIN);
    assertThat(answer.headers().firstValue("access-control-allow-methods").orElse(""))
        .contains("GET", "POST", "DELETE");
    assertThat(answer.headers().firstValue("access-control-allow-headers").orElse(""))
        .isEqualToIgnoringCase(SDK_HEADERS);
  }

  @Test
  void aPageOfAnotherOriginMayNot() throws Exception {
    assertThat(preflight("https://evil.example.com").headers().map())
        .doesNotContainKey("access-control-allow-origin");
  }

  @Test
  void aRunThatHasEndedIsALineOfTheLogAndACountOfTheMetrics() {
    var api = cluster.api(cluster.node(0));
    cluster.provider().reply(Reply.text("Yes."));
    var conversation = Conversation.of(api, "gpt-4o", "Go");
    var run = conversation.until(conversation.run(), "completed");

    await()
        .untilAsserted(
            () ->
                assertThat(cluster.node(0).log())
                    .containsPattern(
                        "(?m)\\{\"event\":\"run\\.completed\".*\"run_id\":\"%s\".*\"status\":\"completed\".*}$"
                            .formatted(run.path("id").asText())));
    assertThat(api.get("/q/metrics").text())
        .containsPattern("threadmill_runs_seconds_count\\{status=\"completed\"} [1-9]")
        .containsPattern("threadmill_tokens_total\\{direction=\"output\"} [1-9]");
  }

  private static HttpResponse<String> preflight(String origin) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(server.resolve("/v1/threads"))
              .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
              .header("Origin", origin)
              .header("Access-Control-Request-Method", "POST")
              .header("Access-Control-Request-Headers", SDK_HEADERS)
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  /** Sends a byte of a head every 100 ms, which is how long a read waits for an answer. */
  private static boolean isClosedWhileDripping(Socket socket) throws IOException {
    socket.setSoTimeout(100);
    var out = socket.getOutputStream();
    out.write("GET /q/health/live HTTP/1.1\r\nX-Slow: ".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < 200; i++) {
      try {
        out.write('x');
        if (socket.getInputStream().read() < 0) {
          return true;
        }
      } catch (SocketTimeoutException e) {
        // It is still open.
      } catch (SocketException e) {
        return true;
      }
    }
    return false;
  }

  private static String healthOver(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write(
            "GET /q/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    var in = socket.getInputStream();
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    var length = head.toString().toLowerCase(Locale.ROOT);
    int from = length.indexOf("content-length: ") + "content-length: ".length();
    in.readNBytes(Integer.parseInt(length.substring(from, length.indexOf('\r', from))));
    return head.substring(0, head.indexOf("\r"));
  }
}
