package dev.threadmill.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests at the edge of HTTP are answered in the form of all other responses. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class HttpEdgesTest {
  private static final String HOST = "Host: localhost\r\n";

  /** What comes back for these bytes; {@code KEY} stands for the header with the key. */
  private static String send(String request) throws IOException {
    var config = ConfigProvider.getConfig();
    var key = config.getValue("threadmill.keys.api-key", String.class);
    try (var socket =
        new Socket("127.0.0.1", config.getValue("quarkus.http.test-port", int.class))) {
      socket.setSoTimeout(20_000);
      var text = request.replace("KEY\r\n", "Authorization: Bearer " + key + "\r\n");
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String get(String path, String headers) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nConnection: close\r\nKEY\r\n" + headers + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/html",
        "text/html,application/xhtml+xml;q=0.9",
        "application/xml",
        "text/event-stream",
        "application/json; charset=utf-8",
        "application/binary",
        "nonsense",
        "*",
        "application/json;q=2",
        "application/json;q=",
        ";;;",
        "",
      })
  void jsonIsAnsweredWhateverIsAccepted(String accept) throws IOException {
    var answer = get("/v1/assistants", HOST + "Accept: " + accept + "\r\n");

    assertThat(answer)
        .startsWith("HTTP/1.1 200 ")
        .containsIgnoringCase("content-type: application/json")
        .contains("\"object\":\"list\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "nonsense"})
  void errorsAreJsonWhateverIsAccepted(String accept) throws IOException {
    assertThat(get("/v1/assistants/asst_none", HOST + "Accept: " + accept + "\r\n"))
        .startsWith("HTTP/1.1 404 ")
        .contains("invalid_request_error");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host: a b\r\n", "Host: ::::\r\n", "Host: localhost:99999999\r\n"})
  void aStrangeHostIsNoFault(String host) throws IOException {
    assertThat(get("/v1/assistants", host))
        .matches("(?s)HTTP/1\\.1 (200|400) .*(\"object\":\"list\"|\"error\":\\{\"message\").*");
  }

  @Test
  void aMissingHostIsA400ThatSaysSo() throws IOException {
    assertThat(get("/v1/assistants", ""))
        .startsWith("HTTP/1.1 400 ")
        .contains("\"error\":{\"message\":\"The request has no Host header.\"")
        .doesNotContain("stack");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/assistants | GET, HEAD, OPTIONS, POST",
        "/v1/assistants/asst_1 | DELETE, GET, HEAD, OPTIONS, POST",
        "/v1/threads/runs | OPTIONS, POST",
        "/v1/chat/completions | OPTIONS, POST",
        "/v26/models | GET, HEAD, OPTIONS",
      })
  void onlyMethodsThatExistAreAllowed(String path, String methods) throws IOException {
    var options =
        send("OPTIONS " + path + " HTTP/1.1\r\nConnection: close\r\nKEY\r\n" + HOST + "\r\n");
    var refused =
        send("PATCH " + path + " HTTP/1.1\r\nConnection: close\r\nKEY\r\n" + HOST + "\r\n");

    assertThat(options).startsWith("HTTP/1.1 204 ");
    assertThat(refused).startsWith("HTTP/1.1 405 ");
    assertThat(allow(options)).isEqualTo(methods);
    assertThat(allow(refused)).isEqualTo(methods);
  }

  private static String allow(String answer) {
    return Arrays.stream(answer.split("\r\n"))
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("allow:"))
        .map(line -> line.substring("allow:".length()).strip())
        .findFirst()
        .orElse("");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/models", "/v1/assistants", "/v1/threads", "/v1/vector_stores", "/v1/files"})
  void headIsAnsweredLikeGetWithoutTheBody(String path) throws IOException {
    var head = send("HEAD " + path + " HTTP/1.1\r\nConnection: close\r\nKEY\r\n" + HOST + "\r\n");

    assertThat(head).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
    assertThat(ApiClient.user().get(path).status()).isEqualTo(200);
  }
}
