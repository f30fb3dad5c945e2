package dev.threadmill.egress;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Resolves host names for connections. A connection is made to an address that this class returned,
 * so a name cannot mean one address to the policy and another to the connection.
 */
final class PolicyDnsResolver {
  private final EgressPolicy policy;
  private final HostResolver resolver;
  private final Duration timeout;

  /**
   * @param policy null to allow all addresses
   */
  PolicyDnsResolver(EgressPolicy policy, HostResolver resolver, Duration timeout) {
    this.policy = policy;
    this.resolver = resolver;
    this.timeout = timeout;
  }

  /** The host resolves to an address that the policy does not allow. */
  static final class RefusedException extends UnknownHostException {
    private static final long serialVersionUID = 1;

    RefusedException(String host) {
      super(
          ("The host '%s' has a private, local or reserved address, which tools may not reach"
                  + " unless THREADMILL_EGRESS_ALLOW has its range.")
              .formatted(host));
    }
  }

  /**
   * The addresses of a host, one at least.
   *
   * @param host a name, or an address literal, with brackets if it is IPv6
   * @throws RefusedException if the policy does not allow one of them
   * @throws UnknownHostException if it has none
   */
  List<InetAddress> resolve(String host) throws UnknownHostException, InterruptedException {
    var addresses = lookup(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
    if (addresses.isEmpty()) {
      throw new UnknownHostException(host);
    }
    // All have to be allowed: otherwise a retry could choose the one that is not.
    if (policy != null && !addresses.stream().allMatch(policy::allows)) {
      throw new RefusedException(host);
    }
    return addresses;
  }

  /** The system resolver cannot be interrupted, so it runs on a thread of its own. */
  private List<InetAddress> lookup(String host) throws UnknownHostException, InterruptedException {
    var found = new CompletableFuture<List<InetAddress>>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                found.complete(resolver.resolve(host));
              } catch (IOException | RuntimeException e) {
                found.completeExceptionally(e);
              }
            });
    try {
      return found.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new UnknownHostException(host);
    }
  }
}
