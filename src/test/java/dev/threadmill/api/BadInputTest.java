package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is sent, the answer is an error in the envelope that SDKs read, and never a 5xx. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class BadInputTest {
  private final ApiClient user = ApiClient.user();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "null",
        "5",
        "\"text\"",
        "{\"metadata\": {\"a\": \"b\"}",
        "{\"metadata\": {}} {}",
        "{\"metadata\": {}, \"metadata\": {}}",
        "{'metadata': {}}",
        "{\"metadata\": {\"a\": \"\\u0000\"}}",
        "{\"metadata\": {\"\\u0000\": \"a\"}}",
        "{\"metadata\": {\"a\": \"\u0000\"}}",
        "{\"metadata\": {\"a\": \"\\ud800\"}}",
        "{\"metadata\": {\"a\": \"\\udc00\\ud800\"}}",
        "{\"metadata\": {\"\\ud83d\": \"a\"}}",
        "{\"metadata\": {\"a\": \"\\ud83d\\\\ude00\"}}",
        "{\"metadata\": {\"a\": \"\t\n\u0001\"}}",
        "{\"metadata\": NaN}",
        "{\"metadata\": 1e999999999}",
        "{\"metadata\": /* c */ {}}",
        "metadata=a&b=c",
        "<xml/>",
        "\uFEFF",
      })
  void aBodyThatIsNotTheDocumentedJsonIsA400(String body) {
    assertRefused(400, user.post("/v1/threads", body));
  }

  @Test
  void textIsTakenAndGivenBackUnchanged() {
    var odd = "😀 \\ud83d\\ude00 \u0001 \u2028 \\\\u0000 \\\\ud800 é \uFFFD \u202E";
    var body = Json.MAPPER.createObjectNode().put("model", "m").put("instructions", odd);

    var created = user.post("/v1/assistants", body.toString());

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("instructions").asText()).isEqualTo(odd);
    var escaped =
        user.post("/v1/assistants", "{\"model\": \"m\", \"name\": \"\\ud83d\\ude00 \\\\u0000\"}");
    assertThat(escaped.json().path("name").asText()).isEqualTo("😀 \\u0000");
  }

  @Test
  void bytesThatAreNotUtf8AreA400() {
    for (var bytes :
        List.of(
            new byte[] {(byte) 0xFF, (byte) 0xFE},
            new byte[] {(byte) 0xC0, (byte) 0x80},
            new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
            new byte[] {(byte) 0xF8, 1, 1, 1},
            new byte[] {(byte) 0xE2, (byte) 0x82})) {
      var body = new ByteArrayOutputStream();
      body.writeBytes("{\"metadata\": {\"a\": \"".getBytes(StandardCharsets.UTF_8));
      body.writeBytes(bytes);
      body.writeBytes("\"}}".getBytes(StandardCharsets.UTF_8));
      assertRefused(
          400,
          user.with("Content-Type", "application/json")
              .send("POST", "/v1/threads", body.toByteArray()));
    }
    var utf16 = "{\"metadata\": {}}".getBytes(StandardCharsets.UTF_16);
    assertRefused(
        400, user.with("Content-Type", "application/json").send("POST", "/v1/threads", utf16));
  }

  @Test
  void jsonOfAnyDepthIsNoServerError() {
    for (int depth : new int[] {50, 190, 250, 5_000, 200_000}) {
      var deep = "[".repeat(depth) + "]".repeat(depth);
      var body =
          "{\"model\": \"m\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\","
              + " \"parameters\": {\"enum\": %s}}}]}".formatted(deep);
      var answer = user.post("/v1/assistants", body);
      assertThat(answer.status()).as("depth " + depth).isIn(200, 400);
      if (answer.status() == 200) {
        assertThat(user.get("/v1/assistants/" + answer.id()).json()).isEqualTo(answer.json());
      }
    }
  }

  @Test
  void hugeNumbersInASchemaAreKeptOrRefused() {
    for (var number : List.of("1e400", "-1e400", "1" + "0".repeat(900), "1" + "0".repeat(2000))) {
      var body =
          "{\"model\": \"m\", \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\","
              + " \"parameters\": {\"maximum\": %s}}}]}".formatted(number);
      assertThat(user.post("/v1/assistants", body).status()).as(number).isIn(200, 400);
    }
  }

  @Test
  void aBodyOfMoreThanTenMegabytesIsA413() {
    var large = new byte[11_000_000];
    Arrays.fill(large, (byte) ' ');

    var answer = user.with("Content-Type", "application/json").send("POST", "/v1/threads", large);

    assertRefused(413, answer);
  }

  @Test
  void aBodyOfUnknownLengthThatGrowsTooLargeIsA413() throws IOException {
    var chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    try (var socket = connect()) {
      var out = socket.getOutputStream();
      out.write(
          head("POST /v1/threads HTTP/1.1", "Transfer-Encoding: chunked")
              .getBytes(StandardCharsets.US_ASCII));
      try {
        for (int i = 0; i < 200; i++) {
          out.write(chunk.getBytes(StandardCharsets.US_ASCII));
        }
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      } catch (IOException e) {
        // The server may have closed the connection already; its response can still be read.
      }
      assertThat(statusLine(socket)).contains(" 413 ");
    }
  }

  @Test
  void aBodyOfMoreValuesThanTheHeapHoldsIsA400ThatSaysSo() {
    for (var value : List.of("1", "{}", "[]", "{\"a\":1}")) {
      var metadata = (value + ",").repeat(600_000) + value;

      var answer = user.post("/v1/threads", "{\"metadata\": [" + metadata + "]}");

      assertRefused(400, answer);
      assertThat(answer.text()).contains("500,000 values");
    }
  }

  @Test
  void aSlightlySmallerBodyIsTaken() {
    var text = "x".repeat(9_900_000);
    var thread = user.post("/v1/threads", "{}").id();

    var answer =
        user.post(
            "/v1/threads/" + thread + "/messages",
            "{\"role\": \"user\", \"content\": \"%s\"}".formatted(text));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().at("/content/0/text/value").asText()).hasSize(text.length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/xml", "multipart/form-data; boundary=x", "x"})
  void anotherContentTypeIsA415(String type) {
    var answer = user.with("Content-Type", type).post("/v1/threads", "{}");

    assertThat(answer.status()).as(answer.text()).isIn(400, 415);
    assertEnvelope(answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
      })
  void jsonMayBeSpelledInSeveralWays(String type) {
    assertThat(user.with("Content-Type", type).post("/v1/threads", "{}").status()).isEqualTo(200);
  }

  @Test
  void anUnknownUrlIsA404ThatNamesIt() {
    for (var method : List.of("GET", "POST", "PUT", "DELETE", "PATCH")) {
      for (var path : List.of("/v1/nothing", "/v1/_stainless_unknown_path", "/nothing", "/v1")) {
        var answer = user.send(method, path, null);
        assertRefused(404, answer);
        assertThat(answer.error().path("message").asText())
            .startsWith("Invalid URL (%s %s)".formatted(method, path));
      }
    }
  }

  @Test
  void aMethodThatAUrlDoesNotHaveIsA405() {
    assertRefused(405, user.send("PUT", "/v1/threads", new byte[0]));
    assertRefused(405, user.send("PATCH", "/v1/assistants/asst_1", "{}".getBytes()));
    assertRefused(405, user.send("DELETE", "/v1/assistants", null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/threads/nope",
        "/v1/threads/asst_1",
        "/v1/threads/thread_",
        "/v1/threads/thread_a%20b",
        "/v1/threads/thread_%F0%9F%98%80",
        "/v1/threads/thread_1/messages/nope",
        "/v1/assistants/nope",
      })
  void aMalformedIdIsA400ThatNamesIt(String path) {
    var answer = user.get(path);

    assertRefused(400, answer);
    assertThat(answer.error().path("param").asText()).endsWith("_id");
    assertThat(answer.error().path("message").asText()).startsWith("Invalid '");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/assistants",
        "/v1/assistants/asst_1",
        "/v1/threads/thread_1",
        "/v1/threads/thread_1/messages",
        "/v1/threads/thread_1/messages/msg_1",
        "/v1/projects",
        "/v1/projects/proj_1",
        "/v1/projects/proj_1/api_keys",
      })
  void noBodyAtAllIsNoServerError(String path) {
    for (var body : new byte[][] {null, new byte[0]}) {
      var answer = ApiClient.admin().send("POST", path, body);

      assertThat(answer.status()).as(answer.text()).isIn(400, 404);
      assertEnvelope(answer);
    }
  }

  @Test
  void anIdLongerThanAnyIsA400() {
    assertRefused(400, user.get("/v1/threads/thread_" + "x".repeat(200)));
  }

  @Test
  void whatCannotBeParsedAsHttpIsRefusedWithoutA5xx() throws IOException {
    assertRawStatus("GET /v1/threads?a=%zz HTTP/1.1", 4);
    assertRawStatus("GET /v1/threads/%zz HTTP/1.1", 4);
    assertRawStatus("GET /v1/%c0%80 HTTP/1.1", 4);
    assertRawStatus("GET /" + "x".repeat(9_000) + " HTTP/1.1", 4);
    assertRawStatus("BREW /v1/threads HTTP/1.1", 4);
    try (var socket = connect()) {
      socket
          .getOutputStream()
          .write(
              head("GET /v1/threads HTTP/1.1", "X-Long: " + "x".repeat(70_000))
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(statusLine(socket)).contains(" 4");
    }
  }

  @Test
  void everyAnswerCarriesARequestId() {
    for (var answer :
        List.of(
            user.get("/v1/threads"),
            user.get("/v1/nothing"),
            ApiClient.anonymous().get("/v2/threads"),
            user.post("/v1/threads", "{"))) {
      assertThat(answer.headers().allValues("x-request-id")).hasSize(1);
      assertThat(answer.headers().firstValue("x-request-id").orElseThrow()).startsWith("req_");
      assertThat(answer.headers().firstValue("openai-version")).contains("2020-10-01");
      assertThat(answer.headers().firstValue("openai-processing-ms")).isPresent();
      assertThat(answer.headers().firstValue("content-type").orElse(""))
          .startsWith("application/json");
    }
  }

  private static void assertRawStatus(String requestLine, int hundreds) throws IOException {
    try (var socket = connect()) {
      socket
          .getOutputStream()
          .write(head(requestLine, "Content-Length: 0").getBytes(StandardCharsets.US_ASCII));
      assertThat(statusLine(socket)).as(requestLine.substring(0, 20)).contains(" " + hundreds);
    }
  }

  private static Socket connect() throws IOException {
    var uri = URI.create(ApiClient.base());
    var socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static String head(String requestLine, String header) {
    return "%s\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n\r\n"
        .formatted(
            requestLine,
            org.eclipse.microprofile.config.ConfigProvider.getConfig()
                .getValue("threadmill.keys.api-key", String.class),
            header);
  }

  private static String statusLine(Socket socket) throws IOException {
    var line = new StringBuilder();
    var in = socket.getInputStream();
    for (int c = in.read(); c >= 0 && c != '\r'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private static void assertRefused(int status, ApiClient.Response answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertEnvelope(answer);
  }

  private static void assertEnvelope(ApiClient.Response answer) {
    JsonNode error = answer.error();
    assertThat(error.isObject()).as(answer.text()).isTrue();
    assertThat(error.path("message").asText()).isNotEmpty();
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.has("param")).isTrue();
    assertThat(error.has("code")).isTrue();
  }
}
