package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.guard.SecretText;
import java.util.List;

/** How a webhook is authenticated with. */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "none", value = WebhookAuth.None.class),
  @JsonSubTypes.Type(name = "bearer", value = WebhookAuth.Bearer.class),
  @JsonSubTypes.Type(name = "basic", value = WebhookAuth.Basic.class),
  @JsonSubTypes.Type(name = "api_key", value = WebhookAuth.ApiKey.class),
  @JsonSubTypes.Type(name = "oauth2", value = WebhookAuth.OAuth2.class),
})
@JsonPropertyOrder("type")
public sealed interface WebhookAuth {
  /** The kind, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case None _ -> "none";
      case Bearer _ -> "bearer";
      case Basic _ -> "basic";
      case ApiKey _ -> "api_key";
      case OAuth2 _ -> "oauth2";
    };
  }

  /** Without authentication. */
  record None() implements WebhookAuth {}

  /** By a token in the Authorization header. */
  record Bearer(SecretText token) implements WebhookAuth {
    @JsonCreator
    public Bearer {
      Bounds.required("token", token);
    }
  }

  /** By user name and password. */
  record Basic(String username, SecretText password) implements WebhookAuth {
    private static final int MAX_USERNAME = 256;

    public Basic {
      Bounds.requiredText("username", username, MAX_USERNAME);
      Bounds.required("password", password);
      if (username.indexOf(':') >= 0) {
        throw ApiException.invalid("username", "Invalid 'username': it must not hold a colon.");
      }
    }
  }

  /**
   * By a key in a header or in the query.
   *
   * @param name of the header or query parameter; null for {@code X-API-Key}
   * @param in null for the header
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ApiKey(SecretText key, String name, In in) implements WebhookAuth {
    private static final int MAX_NAME = 100;

    public ApiKey {
      Bounds.required("key", key);
      if (name != null && !name.matches("[A-Za-z0-9._-]{1," + MAX_NAME + "}")) {
        throw ApiException.invalid(
            "name", "Invalid 'name': expected letters, digits, dots, dashes and underscores.");
      }
    }

    /** Where the key goes. */
    public enum In {
      @JsonProperty("header")
      HEADER,
      @JsonProperty("query")
      QUERY
    }
  }

  /**
   * By a token that an OAuth 2 server gives for client credentials.
   *
   * @param clientId may be missing in a definition; calls then fail and say so
   * @param scopes to ask for; null for the server's default
   * @param audience to ask for; null for none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record OAuth2(
      String tokenUrl,
      String clientId,
      SecretText clientSecret,
      List<String> scopes,
      String audience)
      implements WebhookAuth {
    private static final int MAX_URL = 2048;
    private static final int MAX_ID = 512;
    private static final int MAX_SCOPES = 64;

    public OAuth2 {
      Bounds.requiredText("token_url", tokenUrl, MAX_URL);
      WebhookSpec.requireUrl("token_url", tokenUrl);
      Bounds.text("client_id", clientId, MAX_ID);
      scopes = Bounds.list("scopes", scopes, MAX_SCOPES);
      for (int i = 0; scopes != null && i < scopes.size(); i++) {
        if (!scopes.get(i).matches("[!-~]{1,256}")) {
          throw ApiException.invalid(
              "scopes[%d]".formatted(i), "Invalid 'scopes[%d]': not a scope.".formatted(i));
        }
      }
      Bounds.text("audience", audience, MAX_URL);
    }
  }

  /** The same with every secret replaced. */
  default WebhookAuth mapSecrets(String origin, ToolSecrets.SecretMapper secrets) {
    return switch (this) {
      case None none -> none;
      case Bearer(var token) -> new Bearer(secrets.of("auth.token", origin, token));
      case Basic(var username, var password) ->
          new Basic(username, secrets.of("auth.password", origin, password));
      case ApiKey(var key, var name, var in) ->
          new ApiKey(secrets.of("auth.key", origin, key), name, in);
      case OAuth2(var url, var id, var secret, var scopes, var audience) ->
          new OAuth2(
              url,
              id,
              secret == null
                  ? null
                  : secrets.of("auth.client_secret", WebhookSpec.authority(url), secret),
              scopes,
              audience);
    };
  }
}
