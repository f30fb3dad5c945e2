package dev.threadmill.tools.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.OAuth2Error;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.tools.ToolException;
import jakarta.inject.Singleton;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests access tokens for client credentials, caches them in memory while they are valid, and
 * renews them shortly before they expire. Concurrent calls that need one token share one request.
 */
@Singleton
public class AccessTokenCache {
  private static final long MAX_CACHED_CHARACTERS = 4_000_000;
  private static final int CHARACTERS_OF_AN_ENTRY = 1_000;
  private static final int MAX_BYTES = 65_536;
  private static final long SECONDS_IF_UNKNOWN = 60;
  private static final long MARGIN_SECONDS = 30;
  private static final int MARGIN_SHARE = 5;

  private final EgressClient http;
  private final InstantSource clock;
  private final Cache<Grant, CachedToken> tokens =
      Caffeine.newBuilder()
          .maximumWeight(MAX_CACHED_CHARACTERS)
          .weigher((Grant _, CachedToken cached) -> cached.weight())
          .build();

  /** What a token is requested with; never logged or stored. */
  private record Grant(
      ProjectId project,
      String tokenUrl,
      String clientId,
      String clientSecret,
      List<String> scopes,
      String audience) {}

  private static final class CachedToken {
    final ReentrantLock lock = new ReentrantLock();
    String token;
    Instant renewAt;

    int weight() {
      return CHARACTERS_OF_AN_ENTRY + (token == null ? 0 : token.length());
    }
  }

  AccessTokenCache(EgressClient http, InstantSource clock) {
    this.http = http;
    this.clock = clock;
  }

  /**
   * A token that is valid now.
   *
   * @param secret of the client, decrypted
   * @param timeout of the request, and of the wait for another call that requests the same token
   * @param refused a token that was just refused and must not be returned; null for none
   */
  public String token(
      ProjectId project,
      WebhookAuth.OAuth2 auth,
      String secret,
      List<AllowedDomains> domains,
      Duration timeout,
      String refused)
      throws ToolException, InterruptedException {
    var grant =
        new Grant(
            project, auth.tokenUrl(), auth.clientId(), secret, auth.scopes(), auth.audience());
    var cached = tokens.get(grant, _ -> new CachedToken());
    if (!cached.lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      throw unavailable(true, "the token server did not answer in time");
    }
    try {
      boolean isValid =
          cached.token != null
              && clock.instant().isBefore(cached.renewAt)
              && !cached.token.equals(refused);
      if (!isValid) {
        renew(cached, grant, domains, timeout);
        // Weighed again, with its token.
        tokens.put(grant, cached);
      }
      return cached.token;
    } finally {
      cached.lock.unlock();
    }
  }

  private void renew(
      CachedToken cached, Grant grant, List<AllowedDomains> domains, Duration timeout)
      throws ToolException, InterruptedException {
    cached.token = null;
    var id = new ClientID(grant.clientId());
    var secret = new Secret(grant.clientSecret());
    var response = requestToken(grant, new ClientSecretBasic(id, secret), domains, timeout);
    if (refusesClient(response)) {
      // Some servers take the secret in the body only.
      response = requestToken(grant, new ClientSecretPost(id, secret), domains, timeout);
    }
    if (response instanceof TokenResponse tokens && tokens.indicatesSuccess()) {
      var token = tokens.toSuccessResponse().getTokens().getAccessToken();
      long seconds = token.getLifetime() > 0 ? token.getLifetime() : SECONDS_IF_UNKNOWN;
      cached.token = token.getValue();
      cached.renewAt =
          clock.instant().plusSeconds(seconds - Math.min(MARGIN_SECONDS, seconds / MARGIN_SHARE));
      return;
    }
    var error = response.toErrorResponse().getErrorObject();
    throw new ToolException(
        "authentication_failed",
        false,
        "The token server refused the client credentials%s."
            .formatted(error == null || error.getCode() == null ? "" : ": " + error.getCode()));
  }

  private static boolean refusesClient(TokenResponse response) {
    return !response.indicatesSuccess()
        && OAuth2Error.INVALID_CLIENT.equals(response.toErrorResponse().getErrorObject());
  }

  private TokenResponse requestToken(
      Grant grant, ClientAuthentication client, List<AllowedDomains> domains, Duration timeout)
      throws ToolException, InterruptedException {
    var builder =
        new TokenRequest.Builder(
            URI.create(grant.tokenUrl()), client, new ClientCredentialsGrant());
    if (grant.scopes() != null && !grant.scopes().isEmpty()) {
      builder.scope(new Scope(grant.scopes().toArray(String[]::new)));
    }
    if (grant.audience() != null) {
      builder.customParameter("audience", grant.audience());
    }
    var request = builder.build().toHTTPRequest();
    var headers = new LinkedHashMap<String, String>();
    headers.put("Content-Type", "application/x-www-form-urlencoded");
    headers.put("Accept", "application/json");
    var credentials = new LinkedHashMap<String, String>();
    if (request.getAuthorization() != null) {
      credentials.put("Authorization", request.getAuthorization());
    }
    var body = request.getBody();
    var outbound =
        new EgressRequest(
            "POST",
            grant.tokenUrl(),
            headers,
            credentials,
            body.getBytes(StandardCharsets.UTF_8),
            domains,
            timeout,
            MAX_BYTES);
    try {
      var answer = http.send(outbound);
      if (answer.status() >= 500 || answer.status() == 429) {
        throw unavailable(
            true, "the token server answered with status %d".formatted(answer.status()));
      }
      return TokenResponse.parse(toNimbus(answer));
    } catch (EgressException e) {
      throw unavailable(e.kind() != EgressException.Kind.REFUSED, e.getMessage());
    } catch (ParseException e) {
      throw unavailable(false, "the response of the token server is not one of OAuth 2");
    }
  }

  private static ToolException unavailable(boolean passing, String why) {
    return new ToolException("authentication_failed", passing, "No access token: " + why);
  }

  private static HTTPResponse toNimbus(HttpResponse answer) throws ParseException {
    var response = new HTTPResponse(answer.status());
    var type = answer.header("content-type");
    if (type.isPresent()) {
      response.setContentType(type.get());
    }
    response.setBody(answer.text());
    return response;
  }
}
