package dev.threadmill.projects.oidc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.Resource;
import dev.threadmill.api.Json;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressConfig;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.ProxyRules;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The public keys of the identity provider, which are read when a token first needs them and kept
 * for some minutes. Keys that are not known are asked for, but not more often than every half
 * minute, whatever tokens name.
 */
@ApplicationScoped
class OidcKeys implements JWKSource<SecurityContext> {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BYTES = 256 * 1024;
  private static final int CONNECTIONS = 4;
  private static final int OK = 200;

  private final OidcConfig config;
  private final Vertx vertx;
  private final EgressConfig egress;
  private EgressClient client;
  private JWKSource<SecurityContext> source;

  OidcKeys(OidcConfig config, Vertx vertx, EgressConfig egress) {
    this.config = config;
    this.vertx = vertx;
    this.egress = egress;
  }

  @PreDestroy
  synchronized void close() {
    if (client != null) {
      client.close();
    }
  }

  @Override
  public List<JWK> get(JWKSelector selector, SecurityContext context) throws KeySourceException {
    return source().get(selector, context);
  }

  private synchronized JWKSource<SecurityContext> source() throws KeySourceException {
    if (source == null) {
      client =
          client != null
              ? client
              : EgressClient.forProviders(vertx, ProxyRules.of(egress), TIMEOUT, CONNECTIONS);
      try {
        source =
            JWKSourceBuilder.<SecurityContext>create(
                    keysAddress(), url -> new Resource(read(url.toString()), "application/json"))
                .build();
      } catch (IOException | IllegalArgumentException e) {
        throw new KeySourceException("discovery failed: " + e.getMessage(), e);
      }
    }
    return source;
  }

  /** Where the provider says that its keys are. */
  private URL keysAddress() throws IOException {
    var issuer = config.issuer().orElseThrow();
    var document = json(read(issuer.replaceAll("/+$", "") + "/.well-known/openid-configuration"));
    if (!issuer.equals(document.path("issuer").asText())) {
      throw new IOException("the document is of another issuer");
    }
    return URI.create(document.path("jwks_uri").asText()).toURL();
  }

  private static JsonNode json(String text) throws IOException {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JsonProcessingException _) {
      throw new IOException("the document is no JSON");
    }
  }

  private String read(String url) throws IOException {
    try {
      var response =
          client.send(
              new EgressRequest(
                  "GET",
                  url,
                  Map.of("Accept", "application/json"),
                  Map.of(),
                  null,
                  List.of(),
                  TIMEOUT,
                  MAX_BYTES));
      if (response.status() != OK) {
        throw new IOException("the identity provider answers with status " + response.status());
      }
      return response.text();
    } catch (EgressException e) {
      throw new IOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
