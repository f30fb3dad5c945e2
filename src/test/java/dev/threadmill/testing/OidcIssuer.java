package dev.threadmill.testing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** An identity provider that signs whatever tokens a test asks for. */
public final class OidcIssuer implements QuarkusTestResourceLifecycleManager {
  /** The audience that the server under test expects. */
  public static final String CLIENT_ID = "threadmill-tests";

  private HttpServer server;
  private RSAKey key;

  @Override
  public Map<String, String> start() {
    try {
      key = new RSAKeyGenerator(2048).keyID("test").generate();
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    serve(
        "/.well-known/openid-configuration",
        "{\"issuer\": \"%s\", \"jwks_uri\": \"%s/keys\"}".formatted(issuer(), issuer()));
    serve("/keys", new JWKSet(key.toPublicJWK()).toString());
    server.start();
    return Map.of(
        "threadmill.oidc.issuer",
        issuer(),
        "threadmill.oidc.client-id",
        CLIENT_ID,
        "threadmill.oidc.roles-claim",
        "realm_access.roles");
  }

  private void serve(String path, String json) {
    server.createContext(
        path,
        exchange -> {
          var body = json.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
  }

  /** The address of the provider. */
  public String issuer() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** A token with these claims, signed by the provider. */
  public String sign(JWTClaimsSet claims) {
    return sign(claims, key);
  }

  /** A token that names the key of the provider, and is signed by another one. */
  public String forge(JWTClaimsSet claims) {
    try {
      return sign(claims, new RSAKeyGenerator(2048).keyID("test").generate());
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sign(JWTClaimsSet claims, RSAKey with) {
    try {
      var token =
          new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("test").build(), claims);
      token.sign(new RSASSASigner(with));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void inject(TestInjector test) {
    test.injectIntoFields(this, new TestInjector.MatchesType(OidcIssuer.class));
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop(0);
    }
  }
}
