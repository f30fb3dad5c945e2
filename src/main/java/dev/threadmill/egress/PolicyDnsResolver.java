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
import org.apache.hc.client5.http.DnsResolver;

/**
 * Resolves names for connections. What it answers is what is connected to: a name is resolved once
 * a connection, so it cannot mean one address to the check and another to the call.
 */
final class PolicyDnsResolver implements DnsResolver {
  private final EgressPolicy policy;
  private final HostResolver resolver;
  private final Duration timeout;

  PolicyDnsResolver(EgressPolicy policy, HostResolver resolver, Duration timeout) {
    this.policy = policy;
    this.resolver = resolver;
    this.timeout = timeout;
  }

  /** The name leads to where tools may not go. */
  static final class RefusedException extends UnknownHostException {
    private static final long serialVersionUID = 1;

    RefusedException() {
      super(
          "The host leads to an address that tools may not reach: one that is private, local or"
              + " reserved.");
    }
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    var addresses = lookup(host);
    if (addresses.isEmpty()) {
      throw new UnknownHostException(host);
    }
    // One bad address is enough: which of them a connection takes is not up to us.
    if (!addresses.stream().allMatch(policy::allows)) {
      throw new RefusedException();
    }
    return addresses.toArray(InetAddress[]::new);
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }

  /** The system's resolver cannot be interrupted, so it works on a thread of its own. */
  private List<InetAddress> lookup(String host) throws UnknownHostException {
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
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnknownHostException(host);
    }
  }
}
