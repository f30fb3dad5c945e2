package dev.threadmill.egress;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;

/** Clients without the server. */
public final class EgressClients {
  /** The connections of a client for tools. */
  static final int CONNECTIONS = 10;

  private static final Vertx VERTX = Vertx.vertx();

  private EgressClients() {}

  /** A client for tools that may reach these ranges. */
  public static EgressClient forTools(Duration connectTimeout, String... allowed) {
    return forTools(
        new EgressPolicy(List.of(allowed)), HostResolver.SYSTEM, ProxyRules.NONE, connectTimeout);
  }

  static EgressClient forTools(
      EgressPolicy policy, HostResolver resolver, ProxyRules proxies, Duration connectTimeout) {
    return EgressClient.forTools(VERTX, policy, resolver, proxies, connectTimeout, CONNECTIONS);
  }

  static EgressClient forProviders(int connections) {
    return EgressClient.forProviders(VERTX, ProxyRules.NONE, Duration.ofSeconds(10), connections);
  }
}
