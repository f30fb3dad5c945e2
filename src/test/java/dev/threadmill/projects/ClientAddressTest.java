package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.InvalidSettingException;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientAddressTest {
  private static String of(String proxies, String connection, String... forwarded) {
    return new ClientAddress(proxies)
        .of(connection, List.of(forwarded))
        .map(InetAddress::getHostAddress)
        .orElse("unknown");
  }

  @Test
  void withoutTrustedProxiesTheAddressIsThatOfTheConnection() {
    assertThat(of("", "203.0.113.9", "192.0.2.1")).isEqualTo("203.0.113.9");
    assertThat(of("10.0.0.0/8", "203.0.113.9", "192.0.2.1")).isEqualTo("203.0.113.9");
    assertThat(of("", null)).isEqualTo("unknown");
  }

  @Test
  void behindTrustedProxiesTheLastOtherAddressCounts() {
    var proxies = "10.0.0.0/8, fd00::/8";

    assertThat(of(proxies, "10.0.0.1", "192.0.2.1")).isEqualTo("192.0.2.1");
    assertThat(of(proxies, "10.0.0.1", "198.51.100.7, 192.0.2.1, 10.0.0.2"))
        .as("a client may send the header, too")
        .isEqualTo("192.0.2.1");
    assertThat(of(proxies, "fd00::1", "198.51.100.7", "2001:db8::5"))
        .isEqualTo("2001:db8:0:0:0:0:0:5");
    assertThat(of(proxies, "10.0.0.1")).isEqualTo("10.0.0.1");
  }

  @Test
  void whatIsNoAddressIsNoneAndIsNotLookedUp() {
    assertThat(of("10.0.0.0/8", "10.0.0.1", "192.0.2.1, localhost")).isEqualTo("unknown");
    assertThat(of("10.0.0.0/8", "10.0.0.1", "unknown")).isEqualTo("unknown");
    assertThat(of("", "fe80::1%eth0")).isEqualTo("fe80:0:0:0:0:0:0:1");
  }

  @Test
  void aSettingThatIsNoRangeIsNamed() {
    assertThatThrownBy(() -> ClientAddress.ranges("10.0.0.0/8,proxy.example.com"))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("THREADMILL_TRUSTED_PROXIES");
  }
}
