package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.testing.RecordingServer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyTest {
  private static final Duration SHORT = Duration.ofSeconds(5);

  private final RecordingServer proxy =
      RecordingServer.start().on("/", RecordingServer.json(200, "{\"by\":\"proxy\"}"));
  private final RecordingServer target =
      RecordingServer.start().on("/", RecordingServer.json(200, "{\"by\":\"target\"}"));

  @AfterEach
  void stop() {
    proxy.close();
    target.close();
  }

  @Test
  void aRequestToAnHttpAddressGoesThroughTheProxyWithItsCredentials() throws Exception {
    var client = client("http://user:p%40ss@127.0.0.1:" + proxy.port(), "");

    var response = client.send(get("http://only.the.proxy.knows/models?x=1"));

    assertThat(response.text()).contains("proxy");
    var call = proxy.calls().getFirst();
    assertThat(call.path()).isEqualTo("/models");
    assertThat(call.header("host")).isEqualTo("only.the.proxy.knows");
    var credentials =
        Base64.getEncoder().encodeToString("user:p@ss".getBytes(StandardCharsets.UTF_8));
    assertThat(call.header("proxy-authorization")).isEqualTo("Basic " + credentials);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "127.0.0.1",
        "127.0.0.0/8",
        "localhost,127.0.0.1:PORT",
        " other , 127.0.0.1 "
      })
  void aHostOfNoProxyIsReachedDirectly(String none) throws Exception {
    var client =
        client("127.0.0.1:" + proxy.port(), none.replace("PORT", Integer.toString(target.port())));

    assertThat(client.send(get(target.url("/"))).text()).contains("target");
  }

  @ParameterizedTest
  @CsvSource({
    "example.com, example.com, true",
    "example.com, api.example.com, true",
    ".example.com, api.example.com, true",
    "*.example.com, api.example.com, true",
    "example.com, notexample.com, false",
    "example.com:8080, example.com, false",
    "example.com:443, example.com, true",
    "10.0.0.0/8, 10.1.2.3, true",
    "10.0.0.0/8, 11.1.2.3, false",
    "::1, [::1], true",
    "*, anything.example, true",
  })
  void noProxyIsReadAsCurlReadsIt(String none, String host, boolean direct) {
    var rules = new ProxyRules(Optional.empty(), Optional.of("http://proxy.example:3128"), none);

    assertThat(rules.proxyFor(true, host, 443).isEmpty()).isEqualTo(direct);
    assertThat(rules.proxyFor(false, host, 80)).isEmpty();
  }

  @Test
  void anHttpsAddressIsReachedThroughATunnel() {
    // The server does not know the method CONNECT, and so refuses the tunnel.
    var client =
        EgressClients.forTools(
            new EgressPolicy(List.of()),
            ProxyTest::resolve,
            new ProxyRules(Optional.empty(), Optional.of("http://127.0.0.1:" + proxy.port()), ""),
            SHORT);

    var failure =
        catchThrowableOfType(
            EgressException.class, () -> client.send(get("https://only.the.proxy.knows/")));

    assertThat(failure.kind()).isEqualTo(EgressException.Kind.UNREACHABLE);
    assertThat(failure.mayHaveArrived()).isFalse();
    assertThat(failure).hasMessageContaining("proxy");
  }

  @Test
  void aProxyIsNoWayAroundThePolicy() {
    var client = client("http://127.0.0.1:" + proxy.port(), "");

    for (var url :
        List.of("http://10.0.0.1/", "http://169.254.169.254/", "http://inside.example/")) {
      var failure = catchThrowableOfType(EgressException.class, () -> client.send(get(url)));
      assertThat(failure.kind()).isEqualTo(EgressException.Kind.REFUSED);
    }
    assertThat(proxy.calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://proxy:21", "http:///x", "http://h:99999", "not a url", "http://h:0"})
  void aProxyThatIsNoneIsRefusedWithoutShowingIt(String proxy) {
    assertThatThrownBy(() -> new ProxyRules(Optional.empty(), Optional.of(proxy), ""))
        .hasMessageContaining("HTTPS_PROXY")
        .hasMessageNotContaining(proxy);
  }

  private EgressClient client(String httpProxy, String none) {
    return EgressClients.forTools(
        new EgressPolicy(none.isEmpty() ? List.of() : List.of("127.0.0.1")),
        ProxyTest::resolve,
        new ProxyRules(Optional.of(httpProxy), Optional.empty(), none),
        SHORT);
  }

  private static List<InetAddress> resolve(String host) throws UnknownHostException {
    return switch (host) {
      case "only.the.proxy.knows" -> throw new UnknownHostException(host);
      case "inside.example" -> List.of(InetAddress.getByName("10.0.0.1"));
      default -> HostResolver.SYSTEM.resolve(host);
    };
  }

  private static EgressRequest get(String url) {
    return new EgressRequest("GET", url, Map.of(), Map.of(), null, List.of(), SHORT, 10_000);
  }
}
