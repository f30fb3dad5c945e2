package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.testing.RecordingServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EgressTest {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final int MAX_BYTES = 1000;

  private final RecordingServer receiver =
      RecordingServer.start().on("/", RecordingServer.json(200, "{\"ok\":true}"));
  private final AtomicInteger lookUps = new AtomicInteger();
  private final Map<String, List<String>> names = new HashMap<>();

  @AfterEach
  void stop() {
    receiver.close();
  }

  /**
   * PORT stands for the port of a server that listens on loopback: a call that got through counts.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        // plain
        "http://127.0.0.1:PORT/",
        "http://localhost:PORT/",
        "http://LOCALHOST:PORT/",
        "http://localhost.:PORT/",
        "http://127.0.0.1.:PORT/",
        "http://127.1.2.3:PORT/",
        "http://127.255.255.254:PORT/",
        "http://0.0.0.0:PORT/",
        "http://10.0.0.1/",
        "http://10.255.255.255/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://169.254.1.1/",
        "http://192.0.0.1/",
        "http://192.0.2.1/",
        "http://198.18.0.1/",
        "http://198.51.100.1/",
        "http://203.0.113.1/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        // cloud metadata
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.170.2/v2/credentials",
        "http://100.100.100.200/latest/meta-data/",
        "http://168.63.129.16/machine?comp=goalstate",
        "http://192.0.0.192/latest/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[fd20:ce::254]/",
        "http://metadata.google.internal/computeMetadata/v1/",
        // numbers that some read as addresses
        "http://2130706433:PORT/",
        "http://017700000001:PORT/",
        "http://0x7f000001:PORT/",
        "http://0x7f.0.0.1:PORT/",
        "http://0x7F.0x0.0x0.0x1:PORT/",
        "http://0177.0.0.1:PORT/",
        "http://0177.0.0.01:PORT/",
        "http://127.0.1:PORT/",
        "http://127.1:PORT/",
        "http://127.0x1:PORT/",
        "http://0:PORT/",
        "http://00000000177.0.0.1:PORT/",
        "http://127.0.0.0x1:PORT/",
        "http://2852039166/latest/meta-data/",
        "http://0xA9FEA9FE/",
        "http://0251.0376.0251.0376/",
        "http://127.0.0.1.1:PORT/",
        "http://256.256.256.256:PORT/",
        "http://4294967297:PORT/",
        // IPv6
        "http://[::1]:PORT/",
        "http://[0:0:0:0:0:0:0:1]:PORT/",
        "http://[::]:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/",
        "http://[::ffff:7f00:1]:PORT/",
        "http://[0:0:0:0:0:ffff:7f00:0001]:PORT/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:0:127.0.0.1]:PORT/",
        "http://[::127.0.0.1]:PORT/",
        "http://[64:ff9b::7f00:1]:PORT/",
        "http://[64:ff9b:1::7f00:1]:PORT/",
        "http://[2002:7f00:1::]:PORT/",
        "http://[2001:0:7f00:1::]:PORT/",
        "http://[2001:db8::1]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25lo]:PORT/",
        "http://[fe80::a9fe:a9fe]/",
        "http://[fec0::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456:789a::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://[5f00::1]/",
        // names that lead inside
        "http://inside.example:PORT/",
        "http://both.example:PORT/",
        "http://mapped.example:PORT/",
        "http://metadata.example/",
        "http://127.0.0.1.nip.example:PORT/",
        // users, ports, and other games with what is the host
        "http://good.example@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT@good.example/",
        "http://user:password@good.example/",
        "http://good.example#@127.0.0.1:PORT/",
        "http://good.example\\@127.0.0.1:PORT/",
        "http:\\\\127.0.0.1:PORT/",
        "http://127.0.0.1:PORT\\.good.example/",
        "http://127.0.0.1%00.good.example:PORT/",
        "http://127.0.0.1%2f.good.example:PORT/",
        "http://%6c%6f%63%61%6c%68%6f%73%74:PORT/",
        "http://127%2e0%2e0%2e1:PORT/",
        "http://[::1]good.example:PORT/",
        "http://[::1%25.good.example]:PORT/",
        "http:127.0.0.1:PORT/",
        "http:///127.0.0.1:PORT/",
        "//127.0.0.1:PORT/",
        "http://127.0.0.1:0/",
        "http://good.example:99999/",
        "http://\t127.0.0.1:PORT/",
        " http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT/\r\nX-Injected: yes",
        // unicode hosts
        "http://①②⑦.⓪.⓪.①:PORT/",
        "http://１２７.０.０.１:PORT/",
        "http://127。0。0。1:PORT/",
        "http://127．0．0．1:PORT/",
        "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
        "http://ｌｏｃａｌｈｏｓｔ:PORT/",
        "http://loc\u00adalhost:PORT/",
        "http://loc\u200balhost:PORT/",
        "http://١٢٧.٠.٠.١:PORT/",
        // not http
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:PORT/_GET",
        "jar:http://127.0.0.1:PORT/!/",
        "data:text/plain,hello",
        "unix:///var/run/docker.sock",
        "netdoc:///etc/passwd",
        "dict://127.0.0.1:PORT/",
        "ldap://127.0.0.1:PORT/",
        "",
        "/",
        "127.0.0.1:PORT",
      })
  void noAddressAndNoTrickGetsInside(String url) {
    // Given
    names.put("inside.example", List.of("127.0.0.1"));
    names.put("both.example", List.of("93.184.215.14", "127.0.0.1"));
    names.put("mapped.example", List.of("::ffff:127.0.0.1"));
    names.put("metadata.example", List.of("169.254.169.254"));
    names.put("metadata.google.internal", List.of("169.254.169.254"));
    names.put("127.0.0.1.nip.example", List.of("127.0.0.1"));
    names.put("good.example", List.of("127.0.0.1"));

    // When
    var failure =
        catchThrowableOfType(
            EgressException.class,
            () -> http().send(get(url.replace("PORT", "" + receiver.port()))));

    // Then
    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(EgressException.Kind.REFUSED);
    assertThat(failure.mayHaveArrived()).isFalse();
    assertThat(receiver.calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433:PORT/secret",
        "http://[::1]:PORT/secret",
        "//127.0.0.2:PORT/secret",
        "http://inside.example:PORT/secret",
        "http://user@127.0.0.1:PORT/secret",
        "file:///etc/passwd",
        "http://loc\u00adalhost:PORT/secret",
      })
  void aRedirectIsHeldToTheSameRules(String location) {
    // Given
    names.put("inside.example", List.of("127.0.0.3"));
    receiver.on(
        "/bounce", RecordingServer.redirect(302, location.replace("PORT", "" + receiver.port())));

    // When
    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1/32").send(get(receiver.url("/bounce"))));

    // Then
    assertThat(failure.kind()).isEqualTo(EgressException.Kind.REFUSED);
    assertThat(failure.mayHaveArrived()).isTrue();
    assertThat(receiver.calls())
        .extracting(RecordingServer.ReceivedRequest::path)
        .containsExactly("/bounce");
  }

  @Test
  void aNameThatChangesItsMindIsAskedOnceAndTakenByItsWord() throws Exception {
    // Given: the first answer is allowed, the second is not
    var answers = List.of("127.0.0.1", "127.0.0.2").iterator();
    HostResolver fickle =
        host -> {
          lookUps.incrementAndGet();
          return List.of(InetAddress.getByName(answers.next()));
        };
    var http =
        EgressClients.forTools(
            new EgressPolicy(List.of("127.0.0.1/32")), fickle, ProxyRules.NONE, SHORT);

    // When
    var answer = http.send(get("http://fickle.example:" + receiver.port() + "/"));

    // Then
    assertThat(answer.status()).isEqualTo(200);
    assertThat(lookUps).hasValue(1);
    assertThat(receiver.calls().getFirst().header("host"))
        .isEqualTo("fickle.example:" + receiver.port());
  }

  @Test
  void aNameThatWasGoodOnceIsCheckedAgainForTheNextConnection() throws Exception {
    // Given
    names.put("fickle.example", List.of("127.0.0.1"));
    receiver.on(
        "/closing",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Connection", "close");
          RecordingServer.reply(exchange, 200, "text/plain", "ok");
        });
    var http = http("127.0.0.1/32");
    var url = "http://fickle.example:" + receiver.port() + "/closing";
    http.send(get(url));
    names.put("fickle.example", List.of("127.0.0.2"));

    // When
    var failure = catchThrowableOfType(EgressException.class, () -> http.send(get(url)));

    // Then
    assertThat(failure.kind()).isEqualTo(EgressException.Kind.REFUSED);
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void whatTheOperatorAllowsIsReached() throws Exception {
    assertThat(http("127.0.0.0/8").send(get(receiver.url("/"))).text()).isEqualTo("{\"ok\":true}");
  }

  @Test
  void metadataHasToBeNamedItself() throws Exception {
    // Given
    var metadata = InetAddress.getByName("169.254.169.254");

    // Then
    assertThat(new EgressPolicy(List.of("169.254.0.0/16")).allows(metadata)).isFalse();
    assertThat(new EgressPolicy(List.of("0.0.0.0/0")).allows(metadata)).isFalse();
    assertThat(new EgressPolicy(List.of("169.254.169.254/32")).allows(metadata)).isTrue();
  }

  @Test
  void aRangeThatIsNoneStopsTheStartAndIsNamed() {
    for (var wrong : List.of("10.0.0.0/33", "10.0.0", "example.com", "10.0.0.0/8/1", "::/x")) {
      assertThatThrownBy(() -> new EgressPolicy(List.of(wrong)))
          .hasMessageContaining("THREADMILL_EGRESS_ALLOW")
          .hasMessageContaining(wrong);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"8.8.8.8", "1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00::1"})
  void publicAddressesAreReached(String address) throws Exception {
    assertThat(new EgressPolicy(List.of()).allows(InetAddress.getByName(address))).isTrue();
  }

  @Test
  void onlyTheAllowedDomainsAreCalledEvenByRedirect() throws Exception {
    // Given
    names.put("api.lawfirm.com", List.of("127.0.0.1"));
    names.put("elsewhere.com", List.of("127.0.0.1"));
    receiver.on(
        "/away",
        RecordingServer.redirect(307, "http://elsewhere.com:%d/".formatted(receiver.port())));
    var lawFirm = new AllowedDomains(List.of("*.LawFirm.com"));
    var http = http("127.0.0.1");

    // When
    var allowed = http.send(get("http://api.lawfirm.com:PORT/", lawFirm));
    var redirected =
        catchThrowableOfType(
            EgressException.class,
            () -> http.send(get("http://api.lawfirm.com:PORT/away", lawFirm)));

    // Then
    assertThat(allowed.status()).isEqualTo(200);
    assertThat(redirected.getMessage()).contains("elsewhere.com").contains("allowed domains");
    assertThat(receiver.calls()).hasSize(2);
  }

  @Test
  void aWildcardStandsForWhatIsBelowAndNothingElse() {
    var domains = new AllowedDomains(List.of("*.court.gov", "example.com"));
    assertThat(domains.allows("a.court.gov")).isTrue();
    assertThat(domains.allows("a.b.court.gov")).isTrue();
    assertThat(domains.allows("court.gov")).isFalse();
    assertThat(domains.allows("notcourt.gov")).isFalse();
    assertThat(domains.allows("court.gov.evil.com")).isFalse();
    assertThat(domains.allows("example.com")).isTrue();
    assertThat(domains.allows("www.example.com")).isFalse();
    assertThat(new AllowedDomains(List.of()).allows("example.com")).isFalse();
    assertThat(AllowedDomains.ANY.allows("example.com")).isTrue();
  }

  @Test
  void credentialsDoNotFollowARedirectElsewhere() throws Exception {
    // Given
    try (var other = RecordingServer.on("127.0.0.2").on("/", RecordingServer.json(200, "{}"))) {
      receiver.on("/away", RecordingServer.redirect(307, other.url("/")));
      receiver.on("/near", RecordingServer.redirect(307, "/here"));
      var credentials = Map.of("Authorization", "Bearer secret");
      var http = http("127.0.0.0/8");

      // When
      http.send(post(receiver.url("/away"), credentials));
      http.send(post(receiver.url("/near"), credentials));

      // Then
      assertThat(other.calls())
          .singleElement()
          .satisfies(
              call -> {
                assertThat(call.header("authorization")).isNull();
                assertThat(call.header("idempotency-key")).isEqualTo("key");
                assertThat(call.body()).isEqualTo("{}");
              });
      assertThat(receiver.calls().getLast().header("authorization")).isEqualTo("Bearer secret");
    }
  }

  @Test
  void aCircleOfRedirectsEnds() {
    receiver.on("/round", RecordingServer.redirect(302, "/round"));

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http("127.0.0.1").send(get(receiver.url("/round"))));

    assertThat(failure.getMessage()).contains("redirects more than 5 times");
    assertThat(receiver.calls()).hasSize(6);
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
  void aBodyThatIsNotWhatItsEncodingSaysIsBroken() {
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
  void localhostMayBeAllowedByName() throws Exception {
    assertThat(http("localhost").send(get("http://localhost:PORT/")).status()).isEqualTo(200);
  }

  @Test
  void aRefusalNamesTheHostAndTheSetting() {
    var failure =
        catchThrowableOfType(
            EgressException.class, () -> http().send(get("http://localhost:PORT/")));

    assertThat(failure)
        .hasMessageContaining("localhost")
        .hasMessageContaining("THREADMILL_EGRESS_ALLOW");
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
  void nobodyAtHomeMeansNothingArrived() throws IOException {
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

  private EgressClient http(String... allowed) {
    return EgressClients.forTools(
        new EgressPolicy(List.of(allowed)), this::resolve, ProxyRules.NONE, SHORT);
  }

  private List<InetAddress> resolve(String host) throws UnknownHostException {
    lookUps.incrementAndGet();
    var known = names.get(host);
    if (known == null) {
      return HostResolver.SYSTEM.resolve(host);
    }
    var addresses = new java.util.ArrayList<InetAddress>();
    for (var address : known) {
      addresses.add(InetAddress.getByName(address));
    }
    return addresses;
  }

  private EgressRequest get(String url, AllowedDomains... domains) {
    return new EgressRequest(
        "GET",
        url.replace("PORT", "" + receiver.port()),
        Map.of(),
        Map.of(),
        null,
        List.of(domains),
        SHORT,
        MAX_BYTES);
  }

  private static EgressRequest post(String url, Map<String, String> credentials) {
    return new EgressRequest(
        "POST",
        url,
        Map.of("Content-Type", "application/json", "Idempotency-Key", "key"),
        credentials,
        "{}".getBytes(StandardCharsets.UTF_8),
        List.of(),
        SHORT,
        MAX_BYTES);
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
