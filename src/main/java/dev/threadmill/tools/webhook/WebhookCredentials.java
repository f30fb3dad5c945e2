package dev.threadmill.tools.webhook;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.WebhookAuth;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.guard.SecretText;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.http.AccessTokenCache;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What identifies the caller of a webhook.
 *
 * @param url of the webhook, with an API key in its query if it goes there
 * @param headers for the origin of the webhook only
 * @param token the OAuth 2 access token among the headers; null for none
 */
record WebhookCredentials(String url, Map<String, String> headers, String token) {
  private static final String DEFAULT_KEY_NAME = "X-API-Key";

  /** Names the number of headers only, since the rest is secret. */
  @Override
  public String toString() {
    return "credentials in %d headers".formatted(headers.size());
  }

  /** Resolves the credentials that a webhook is defined with. */
  @Singleton
  static class Resolver {
    private final SecretResolver secrets;
    private final AccessTokenCache tokens;

    Resolver(SecretResolver secrets, AccessTokenCache tokens) {
      this.secrets = secrets;
      this.tokens = tokens;
    }

    /**
     * The credentials of one attempt.
     *
     * @param url with the arguments in their places
     * @param domains which hosts may be reached for a token
     * @param refusedToken an access token that the receiver did not accept; null for none
     * @throws ToolException if a secret cannot be decrypted or a token not be had
     */
    WebhookCredentials resolve(
        WebhookSpec spec,
        ProjectId project,
        String url,
        List<AllowedDomains> domains,
        Duration timeout,
        String refusedToken)
        throws ToolException, InterruptedException {
      var headers = new LinkedHashMap<>(secrets.headers(project, spec.headers()));
      switch (spec.auth()) {
        case null -> {}
        case WebhookAuth.None _ -> {}
        case WebhookAuth.Bearer(var token) ->
            headers.put("Authorization", "Bearer " + secrets.open(project, token));
        case WebhookAuth.Basic(var username, var password) ->
            headers.put("Authorization", basic(username, secrets.open(project, password)));
        case WebhookAuth.ApiKey(SecretText key, var name, var in) -> {
          var named = name == null ? DEFAULT_KEY_NAME : name;
          var value = secrets.open(project, key);
          if (in == WebhookAuth.ApiKey.In.QUERY) {
            return new WebhookCredentials(withQuery(url, named, value), headers, null);
          }
          headers.put(named, value);
        }
        case WebhookAuth.OAuth2 oauth -> {
          var token = token(oauth, project, domains, timeout, refusedToken);
          headers.put("Authorization", "Bearer " + token);
          return new WebhookCredentials(url, headers, token);
        }
      }
      return new WebhookCredentials(url, headers, null);
    }

    private String token(
        WebhookAuth.OAuth2 oauth,
        ProjectId project,
        List<AllowedDomains> domains,
        Duration timeout,
        String refusedToken)
        throws ToolException, InterruptedException {
      if (oauth.clientId() == null || oauth.clientSecret() == null) {
        throw new ToolException(
            "authentication_failed",
            false,
            "The tool is not set up: its oauth2 needs a client_id and a client_secret.");
      }
      var secret = secrets.open(project, oauth.clientSecret());
      return tokens.token(project, oauth, secret, domains, timeout, refusedToken);
    }

    private static String withQuery(String url, String name, String value) {
      return url
          + (url.indexOf('?') < 0 ? "?" : "&")
          + WebhookRequest.encoded(name)
          + "="
          + WebhookRequest.encoded(value);
    }

    private static String basic(String username, String password) {
      var pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(pair);
    }
  }
}
