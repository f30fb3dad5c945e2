package dev.threadmill.models.http;

import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressConfig;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.ProxyRules;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ModelsConfig;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The HTTP client for model providers, with connections of its own. */
@ApplicationScoped
public class ProviderTransport {
  private final EgressClient client;

  @Inject
  public ProviderTransport(Vertx vertx, ModelsConfig config, EgressConfig egress) {
    this(vertx, config, ProxyRules.of(egress));
  }

  /** A transport outside of the server. */
  public ProviderTransport(Vertx vertx, ModelsConfig config, ProxyRules proxies) {
    this.client =
        EgressClient.forProviders(vertx, proxies, config.connectTimeout(), config.connections());
  }

  /**
   * Sends a request and returns its response when the head has arrived. The caller has to close it.
   *
   * @param body null for none
   * @throws EgressException if there is no response
   */
  public StreamingResponse send(
      String method,
      String url,
      Map<String, String> headers,
      RequestBody body,
      Timeouts timeouts,
      long maxBytes)
      throws EgressException, InterruptedException {
    var all = new LinkedHashMap<String, String>();
    all.put("user-agent", "threadmill");
    all.putAll(headers);
    return client.open(
        new EgressRequest(method, url, all, Map.of(), body, List.of(), timeouts, maxBytes));
  }

  @PreDestroy
  void close() {
    client.close();
  }
}
