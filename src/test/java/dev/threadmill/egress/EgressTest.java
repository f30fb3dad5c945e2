package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.testing.RecordingServer;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which requests leave the server, directly and by redirects. */
class EgressTest extends EgressFixture {
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
  void noUrlReachesAnInternalAddress(String url) {
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
  void aNameIsResolvedOnceAndTheCheckedAddressIsUsed() throws Exception {
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
}
