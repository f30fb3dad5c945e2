package dev.threadmill.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * A range of addresses in CIDR notation.
 *
 * @param prefixLength how many leading bits are fixed
 */
public record CidrRange(InetAddress network, int prefixLength) {
  private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/8}, or a single address.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static CidrRange parse(String text) {
    var parts = text.strip().split("/", -1);
    if (parts.length > 2 || !LITERAL.matcher(parts[0]).matches()) {
      throw notARange(text);
    }
    try {
      if (!parts[0].contains(":") && !TargetUrl.isDottedQuad(parts[0])) {
        throw notARange(text);
      }
      var network = InetAddress.getByName(parts[0]);
      int bits = network.getAddress().length * 8;
      int length = parts.length == 1 ? bits : Integer.parseInt(parts[1]);
      if (length < 0 || length > bits) {
        throw notARange(text);
      }
      return new CidrRange(network, length);
    } catch (UnknownHostException | NumberFormatException e) {
      throw notARange(text);
    }
  }

  private static IllegalArgumentException notARange(String text) {
    return new IllegalArgumentException(
        "expected address ranges such as 10.0.0.0/8 or fd00::/8, or localhost, got '%s'"
            .formatted(text));
  }

  /** Whether the address is within the range. */
  public boolean contains(InetAddress address) {
    byte[] mine = network.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < prefixLength; bit++) {
      int mask = 0x80 >> bit % 8;
      if ((mine[bit / 8] & mask) != (other[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the range consists of this one address. */
  boolean isSingleAddress(InetAddress address) {
    return prefixLength == network.getAddress().length * 8 && contains(address);
  }
}
