package dev.threadmill.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers send beside the path and the body gets the right answer, and never a 5xx. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RequestHeadersTest {
  private static final byte[] BODY = "{\"model\":\"rehearsal\"}".getBytes(StandardCharsets.UTF_8);
  private static final String JSON = "Content-Type: application/json\r\n";

  /** The head and the body of the response to a request with these header lines. */
  private static String send(String line, String headers, byte[] body) throws IOException {
    var config = ConfigProvider.getConfig();
    var key = config.getValue("threadmill.keys.api-key", String.class);
    try (var socket =
        new Socket("127.0.0.1", config.getValue("quarkus.http.test-port", int.class))) {
      socket.setSoTimeout(20_000);
      var head =
          line
              + " HTTP/1.1\r\nAuthorization: Bearer "
              + key
              + "\r\nConnection: close\r\nContent-Length: "
              + body.length
              + "\r\n"
              + headers
              + "\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(body);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String post(String headers, byte[] body) throws IOException {
    return send("POST /v1/assistants", "Host: localhost\r\n" + headers, body);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate", "br", "GZIP", "identity, gzip", "nonsense"})
  void aCompressedBodyIsA415ThatSaysSo(String encoding) throws IOException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      gzip.write(BODY);
    }

    var answer = post(JSON + "Content-Encoding: " + encoding + "\r\n", compressed.toByteArray());

    assertThat(answer)
        .startsWith("HTTP/1.1 415 ")
        .contains("unsupported_content_encoding")
        .contains("Send it uncompressed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Content-Encoding: identity\r\n", "Expect: 100-continue\r\n"})
  void aPlainBodyIsAccepted(String header) throws IOException {
    assertThat(post(JSON + header, BODY)).contains("HTTP/1.1 200 ").contains("asst_");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "application/json; charset=utf-8 | 200",
        "APPLICATION/JSON | 200",
        "application/json; | 200",
        "*/* | 200",
        "text/plain | 415",
        "json | 415",
        "application/ | 415",
        "application/json, application/json | 415",
      })
  void aContentTypeIsReadOrA415(String type, int status) throws IOException {
    var answer = post("Content-Type: " + type + "\r\n", BODY);

    assertThat(answer).startsWith("HTTP/1.1 " + status);
    assertThat(answer.contains("unsupported_content_type")).isEqualTo(status == 415);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Type: json",
        "Content-Type: application/",
        "Content-Type: application/json, application/json",
        "Content-Type: \u00e9/\u00e9",
        "Content-Encoding: gzip",
        "Content-Encoding: nonsense",
        "Accept-Encoding: nonsense;q=high, br",
        "Accept-Language: ;;;",
        "Accept-Charset: none",
        "Expect: 100-continue",
        "OpenAI-Beta: assistants=v9, realtime=v1",
        "OpenAI-Beta: \u00e9",
        "OpenAI-Organization: org-none",
        "Range: bytes=5-2",
        "If-None-Match: nonsense",
        "If-Modified-Since: yesterday",
        "Cookie: ;;=;a=b=c",
        "Forwarded: for=_hidden;;proto=ftp",
        "X-Forwarded-For: nonsense, ::::",
        "X-Forwarded-Port: 99999999",
        "Upgrade: h2c",
        "TE: nonsense",
        "traceparent: 00-nonsense-01",
        "Last-Event-ID: nonsense",
      })
  void headersThatSayNothingOfARequestWithoutABodyAreIgnored(String header) throws IOException {
    assertThat(send("GET /v1/assistants", "Host: localhost\r\n" + header + "\r\n", new byte[0]))
        .contains("HTTP/1.1 200 ")
        .contains("\"object\":\"list\"");
    var posted = post(header + "\r\n", new byte[0]);
    assertThat(posted).contains("HTTP/1.1 400 ").contains("invalid_request_error");
    assertThat(send("POST /v1/threads", "Host: localhost\r\n" + header + "\r\n", new byte[0]))
        .contains("HTTP/1.1 200 ")
        .contains("thread_");
  }

  @Test
  void aBodyInPiecesThatAGetHasIsIgnored() throws IOException {
    var config = ConfigProvider.getConfig();
    try (var socket =
        new Socket("127.0.0.1", config.getValue("quarkus.http.test-port", int.class))) {
      socket.setSoTimeout(20_000);
      var request =
          "GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Authorization: Bearer "
              + config.getValue("threadmill.keys.api-key", String.class)
              + "\r\nContent-Type: nonsense\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "5\r\nhello\r\n0\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 200 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/models/",
        "/v1//models",
        "//v1/models",
        "http://example.com/v1/models",
        "/v1/models?",
        "/v1/models?a=b&&c",
      })
  void otherSpellingsOfAPathLeadToIt(String path) throws IOException {
    assertThat(send("GET " + path, "HOST: localhost\r\n", new byte[0]))
        .startsWith("HTTP/1.1 200 ")
        .contains("rehearsal");
  }

  @Test
  void aByteOrderMarkIsSkipped() throws IOException {
    var body = new ByteArrayOutputStream();
    body.write(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF});
    body.write(BODY);

    assertThat(post(JSON, body.toByteArray())).startsWith("HTTP/1.1 200 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAD /v1/models", "OPTIONS /v1/assistants"})
  void methodsWithoutABodyAreAnswered(String line) throws IOException {
    assertThat(send(line, "Host: localhost\r\n", new byte[0])).startsWith("HTTP/1.1 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PATCH /v1/assistants", "BREW /v1/models", "TRACE /v1/models"})
  void otherMethodsAreA405(String line) throws IOException {
    assertThat(send(line, "Host: localhost\r\n", new byte[0]))
        .startsWith("HTTP/1.1 405 ")
        .containsIgnoringCase("\r\nallow: ");
  }
}
