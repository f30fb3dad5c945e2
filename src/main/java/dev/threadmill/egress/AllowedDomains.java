package dev.threadmill.egress;

import java.util.List;
import java.util.Locale;

/**
 * The hosts that an assistant or one of its tools may reach. {@code *.example.com} stands for every
 * host below example.com, not for example.com itself.
 *
 * @param patterns null for no restriction; an empty list allows no host at all
 */
public record AllowedDomains(List<String> patterns) {
  /** No restriction. */
  public static final AllowedDomains ANY = new AllowedDomains(null);

  public AllowedDomains {
    patterns =
        patterns == null
            ? null
            : patterns.stream().map(pattern -> pattern.toLowerCase(Locale.ROOT)).toList();
  }

  /**
   * Whether this host is among them.
   *
   * @param host in lower case, without a dot at the end
   */
  public boolean allows(String host) {
    return patterns == null || patterns.stream().anyMatch(pattern -> matches(pattern, host));
  }

  private static boolean matches(String pattern, String host) {
    return pattern.startsWith("*.")
        ? host.length() > pattern.length() - 1 && host.endsWith(pattern.substring(1))
        : host.equals(pattern);
  }
}
