package dev.threadmill.egress;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The hosts that an assistant or one of its tools may reach. {@code *.example.com} stands for every
 * host below example.com, not for example.com itself.
 *
 * @param patterns null for no restriction; an empty list allows no host at all
 * @param condition a further condition on hosts; null for none
 */
public record AllowedDomains(List<String> patterns, HostCondition condition) {
  /** No restriction. */
  public static final AllowedDomains ANY = new AllowedDomains(null);

  /** Decides about hosts by more than their names. */
  @FunctionalInterface
  public interface HostCondition {
    /** Why this host may not be reached, as a sentence; empty if it may. */
    Optional<String> objection(String host);
  }

  public AllowedDomains {
    patterns =
        patterns == null
            ? null
            : patterns.stream().map(pattern -> pattern.toLowerCase(Locale.ROOT)).toList();
  }

  /** The hosts of these patterns. */
  public AllowedDomains(List<String> patterns) {
    this(patterns, null);
  }

  /** Those of these hosts that also satisfy the condition. */
  public AllowedDomains with(HostCondition other) {
    return new AllowedDomains(patterns, other);
  }

  /**
   * Why this host may not be reached; empty if it may.
   *
   * @param host in lower case, without a dot at the end
   * @return a sentence for clients
   */
  public Optional<String> objection(String host) {
    if (patterns != null && patterns.stream().noneMatch(pattern -> matches(pattern, host))) {
      return Optional.of("The host '%s' is not among the allowed domains.".formatted(host));
    }
    return condition == null ? Optional.empty() : condition.objection(host);
  }

  /** Whether this host may be reached; see {@link #objection}. */
  public boolean allows(String host) {
    return objection(host).isEmpty();
  }

  private static boolean matches(String pattern, String host) {
    return pattern.startsWith("*.")
        ? host.length() > pattern.length() - 1 && host.endsWith(pattern.substring(1))
        : host.equals(pattern);
  }
}
