package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.testing.RecordingServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that are too large, too slow, compressed or broken. */
class EgressResponsesTest extends EgressFixture {
  @Test
  void aRequestWithoutAConnectionToGiveIsAFailureOfThisServer() throws Exception {
    var http = http("127.0.0.1");
    var open = new ArrayList<StreamingResponse>();
    try {
      for (int i = 0; i < EgressClients.CONNECTIONS; i++) {
        open.add(http.openWithoutRedirects(get(receiver.url("/"))));
      }

      var failure =
          catchThrowableOfType(
              EgressException.class, () -> http.openWithoutRedirects(get(receiver.url("/"))));

      assertThat(failure.isLocal()).isTrue();
      assertThat(failure.mayHaveArrived()).isFalse();
    } finally {
      open.forEach(StreamingResponse::close);
    }
    var gone = receiver.url("/");
    receiver.close();
    var refused =
        catchThrowableOfType(EgressException.class, () -> http.openWithoutRedirects(get(gone)));
    assertThat(refused.isLocal()).isFalse();
  }

  @Test
  void anAnswerThatIsTooLargeIsNotRead() {
    receiver.on("/large", RecordingServer.json(200, "x".repeat(MAX_BYTES + 1)));

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/large"))));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.TOO_LARGE);
    assertThat(failure.mayHaveArrived()).isTrue();
  }

  @Test
  void anAnswerThatUnpacksTooLargeIsNotReadEither() {
    receiver.on(
        "/bomb",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          exchange.sendResponseHeaders(200, 0);
          try (var zip = new GZIPOutputStream(exchange.getResponseBody())) {
            zip.write(new byte[10_000_000]);
          }
        });

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/bomb"))));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gzip", "x-gzip", "GZIP", "identity, gzip", "deflate", "deflate-raw", "identity"})
  void gzipAndDeflateAreDecoded(String encoding) throws Exception {
    var text = "hello ".repeat(100);
    receiver.on(
        "/packed",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Encoding", encoding.replace("-raw", ""));
          exchange.sendResponseHeaders(200, 0);
          try (var body = packed(encoding, exchange.getResponseBody())) {
            body.write(text.getBytes(StandardCharsets.UTF_8));
          }
        });

    var response = http("127.0.0.1").send(get(receiver.url("/packed")));

    assertThat(response.text()).isEqualTo(text);
    assertThat(receiver.calls().getFirst().header("accept-encoding")).isEqualTo("gzip, deflate");
  }

  private static OutputStream packed(String encoding, OutputStream to) throws IOException {
    return switch (encoding) {
      case "identity" -> to;
      case "deflate" -> new DeflaterOutputStream(to);
      case "deflate-raw" ->
          new DeflaterOutputStream(to, new Deflater(Deflater.DEFAULT_COMPRESSION, true));
      default -> new GZIPOutputStream(to);
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"lzma", "xz", "br", "zstd", "compress", "bzip2", "pack200", "gzip, gzip", "x y"})
  void otherEncodingsAreNotDecoded(String encoding) {
    receiver.on(
        "/packed",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Encoding", encoding);
          // The header of an LZMA stream that asks for a dictionary of 2 GiB.
          RecordingServer.replyBytes(
              exchange, 200, new byte[] {0x5d, 0, 0, 0, 0x7f, -1, -1, -1, -1, -1, -1, -1, -1, 0});
        });

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/packed"))));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.BROKEN);
    assertThat(failure).hasMessageContaining("only gzip and deflate");
  }

  @Test
  void aBodyThatDoesNotFitItsEncodingIsBroken() {
    receiver.on(
        "/packed",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          RecordingServer.replyBytes(
              exchange, 200, "{\"ok\":true}".getBytes(StandardCharsets.UTF_8));
        });

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/packed"))));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.BROKEN);
  }

  @Test
  void anAnswerThatHangsEndsWhenTheTimeIsUp() {
    var end = new CountDownLatch(1);
    receiver.on("/hang", (_, _) -> await(end));

    var failure =
        catchThrowableOfType(
            EgressException.class,
            () -> http("127.0.0.1").send(within(Duration.ofMillis(200), receiver.url("/hang"))));

    end.countDown();
    assertThat(failure.kind()).isEqualTo(EgressException.Kind.TIMED_OUT);
    assertThat(failure.mayHaveArrived()).isTrue();
  }

  @Test
  void anAnswerThatDripsEndsWhenTheTimeIsUp() {
    // Given: a byte often enough for any timeout between two of them
    var end = new CountDownLatch(1);
    receiver.on(
        "/drip",
        (exchange, _) -> {
          exchange.sendResponseHeaders(200, 0);
          while (end.getCount() > 0) {
            exchange.getResponseBody().write(' ');
            exchange.getResponseBody().flush();
            pause(end);
          }
        });

    // When
    var failure =
        catchThrowableOfType(
            EgressException.class,
            () -> http("127.0.0.1").send(within(Duration.ofMillis(300), receiver.url("/drip"))));

    // Then
    end.countDown();
    assertThat(failure.kind()).isEqualTo(EgressException.Kind.TIMED_OUT);
  }

  @Test
  void anAnswerThatPromisesMoreThanItSendsIsBroken() {
    receiver.on(
        "/lie",
        (exchange, _) -> {
          exchange.sendResponseHeaders(200, 500);
          exchange.getResponseBody().write("short".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/lie"))));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.BROKEN);
    assertThat(failure.mayHaveArrived()).isTrue();
  }

  @Test
  void aRequestToAServerThatIsDownHasNotArrived() throws IOException {
    int port = receiver.port();
    receiver.close();

    var failure =
        catchThrowableOfType(
            EgressException.class,
            () -> http("127.0.0.1").send(get("http://127.0.0.1:" + port + "/")));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.UNREACHABLE);
    assertThat(failure.mayHaveArrived()).isFalse();
  }

  @Test
  void anInterruptEndsACall() throws Exception {
    // Given
    var arrived = new CountDownLatch(1);
    var end = new CountDownLatch(1);
    receiver.on(
        "/hang",
        (_, _) -> {
          arrived.countDown();
          await(end);
        });
    var outcome = new java.util.concurrent.CompletableFuture<Throwable>();
    var caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    http("127.0.0.1").send(within(Duration.ofMinutes(1), receiver.url("/hang")));
                    outcome.complete(null);
                  } catch (EgressException | InterruptedException e) {
                    outcome.complete(e);
                  }
                });
    arrived.await();

    // When
    caller.interrupt();

    // Then
    assertThat(outcome.get(5, java.util.concurrent.TimeUnit.SECONDS))
        .isInstanceOf(InterruptedException.class);
    end.countDown();
  }

  private static EgressRequest within(Duration timeout, String url) {
    return new EgressRequest("GET", url, Map.of(), Map.of(), null, List.of(), timeout, 1_000_000);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pause(CountDownLatch end) {
    try {
      end.await(20, java.util.concurrent.TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
