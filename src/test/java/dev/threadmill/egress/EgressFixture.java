package dev.threadmill.egress;

import dev.threadmill.testing.RecordingServer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;

/** A receiver on loopback, and clients with names and limits of the test. */
abstract class EgressFixture {
  static final Duration SHORT = Duration.ofSeconds(2);
  static final int MAX_BYTES = 1000;

  final RecordingServer receiver =
      RecordingServer.start().on("/", RecordingServer.json(200, "{\"ok\":true}"));
  final AtomicInteger lookUps = new AtomicInteger();
  final Map<String, List<String>> names = new HashMap<>();

  @AfterEach
  void stop() {
    receiver.close();
  }

  EgressClient http(String... allowed) {
    return EgressClients.forTools(
        new EgressPolicy(List.of(allowed)), this::resolve, ProxyRules.NONE, SHORT);
  }

  List<InetAddress> resolve(String host) throws UnknownHostException {
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

  EgressRequest get(String url, AllowedDomains... domains) {
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
}
