package dev.threadmill.egress;

import dev.threadmill.api.InvalidSettingException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which addresses tools may reach: public ones, and those that the operator allows. It decides
 * about the very addresses that are then connected to, never about names.
 */
@Singleton
public class EgressPolicy {
  /** IPv4 ranges of the IANA registry of special-purpose addresses. */
  private static final List<CidrRange> SPECIAL_V4 =
      ranges(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.31.196.0/24",
          "192.52.193.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "192.175.48.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4");

  /** The public part of IPv6, except {@link #SPECIAL_V6}. */
  private static final CidrRange GLOBAL_V6 = CidrRange.parse("2000::/3");

  /** Special ranges within {@link #GLOBAL_V6}; some carry an IPv4 address. */
  private static final List<CidrRange> SPECIAL_V6 =
      ranges("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20");

  /** Metadata services, which give credentials to any process on the machine. Some are public. */
  private static final List<CidrRange> METADATA =
      ranges(
          "169.254.169.254",
          "169.254.169.253",
          "169.254.170.2",
          "169.254.170.23",
          "169.254.0.23",
          "100.100.100.200",
          "168.63.129.16",
          "192.0.0.192",
          "fd00:ec2::254",
          "fd00:ec2::23",
          "fd20:ce::254",
          "fe80::a9fe:a9fe");

  private static final List<CidrRange> LOOPBACK = ranges("127.0.0.0/8", "::1");

  private final List<CidrRange> allowed;

  @Inject
  EgressPolicy(EgressConfig config) {
    this(config.allow().orElse(List.of()));
  }

  /**
   * A policy that allows these ranges besides the public addresses. {@code localhost} stands for
   * the addresses of this machine itself.
   *
   * @throws InvalidSettingException if one is not an address range
   */
  public EgressPolicy(List<String> allowed) {
    try {
      this.allowed =
          allowed.stream()
              .map(String::strip)
              .filter(text -> !text.isEmpty())
              .flatMap(EgressPolicy::ranges)
              .toList();
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException(
          "THREADMILL_EGRESS_ALLOW", String.join(",", allowed), "is wrong: " + e.getMessage());
    }
  }

  private static Stream<CidrRange> ranges(String allowed) {
    return allowed.strip().equalsIgnoreCase("localhost")
        ? LOOPBACK.stream()
        : Stream.of(CidrRange.parse(allowed));
  }

  /** Whether tools may connect to this address. */
  public boolean allows(InetAddress address) {
    if (METADATA.stream().anyMatch(range -> range.contains(address))) {
      return allowed.stream().anyMatch(range -> range.isSingleAddress(address));
    }
    return isPublic(address) || allowed.stream().anyMatch(range -> range.contains(address));
  }

  private static boolean isPublic(InetAddress address) {
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()) {
      return false;
    }
    return address instanceof Inet6Address
        ? GLOBAL_V6.contains(address) && SPECIAL_V6.stream().noneMatch(r -> r.contains(address))
        : SPECIAL_V4.stream().noneMatch(range -> range.contains(address));
  }

  private static List<CidrRange> ranges(String... texts) {
    return Stream.of(texts).map(CidrRange::parse).toList();
  }
}
