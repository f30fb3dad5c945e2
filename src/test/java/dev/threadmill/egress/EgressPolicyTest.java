package dev.threadmill.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses and domains the operator and the tools allow. */
class EgressPolicyTest {
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
}
