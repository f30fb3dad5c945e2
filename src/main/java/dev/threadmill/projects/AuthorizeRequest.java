package dev.threadmill.projects;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.projects.oidc.OidcAdmins;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Decides whether a secret may be used for a request: whether it works now, from this address, from
 * this page, and for this operation.
 */
@ApplicationScoped
class AuthorizeRequest {
  private static final String ORIGIN = "Origin";
  private static final String FETCH_SITE = "Sec-Fetch-Site";

  private final ApiKeyCache keys;
  private final OpenStreams streams;
  private final ClientAddress addresses;
  private final KeyUse use;
  private final OidcAdmins admins;
  private final InstantSource clock;

  AuthorizeRequest(
      ApiKeyCache keys,
      OpenStreams streams,
      ClientAddress addresses,
      KeyUse use,
      OidcAdmins admins,
      InstantSource clock) {
    this.keys = keys;
    this.streams = streams;
    this.addresses = addresses;
    this.use = use;
    this.admins = admins;
    this.clock = clock;
  }

  /**
   * Admits the secret, for now.
   *
   * @throws ApiException 401 if it does not work, or not from this address; 403 if it does not work
   *     for this page or this operation
   */
  OpenStreams.Access admit(
      Secret secret, ContainerRequestContext request, RoutingContext connection, Method operation) {
    long changes = streams.changes();
    boolean isSigned = admins.issues(secret.value());
    var grant = isSigned ? Grant.of(admins.admit(secret.value())) : find(secret);
    if (grant.isExpired(clock.instant())) {
      throw ApiException.unauthorized("The API key %s has expired.".formatted(secret.hint()));
    }
    var address = addresses.of(connection.request()).orElse(null);
    requireAddress(grant, address);
    if (grant.user() != null) {
      requireOrigin(grant.user(), request);
    }
    if (!isSigned) {
      use.record(grant.key());
    }
    return new OpenStreams.Access(
        grant,
        isSigned ? null : HexFormat.of().formatHex(secret.hash()),
        EndpointScopes.of(operation),
        address,
        changes);
  }

  private Grant find(Secret secret) {
    return keys.find(secret)
        .orElseThrow(
            () ->
                ApiException.unauthorized(
                    "Incorrect API key provided: %s.".formatted(secret.hint())));
  }

  private static void requireAddress(Grant grant, InetAddress address) {
    if (!grant.isAllowedFrom(address)) {
      throw new ApiException(
          401,
          new ApiError(
              "This API key may not be used from the address %s."
                  .formatted(address == null ? "of this client" : address.getHostAddress()),
              ApiError.INVALID_REQUEST,
              null,
              "ip_not_authorized"));
    }
  }

  /**
   * A browser sends the origin of the page with every request to another origin, and with all that
   * change something; what it sends to the page's own origin it marks as such.
   */
  private static void requireOrigin(ClientUser user, ContainerRequestContext request) {
    if (user.origins().isEmpty()) {
      return;
    }
    var origin = request.getHeaderString(ORIGIN);
    boolean isAllowed =
        origin == null
            ? "same-origin".equals(request.getHeaderString(FETCH_SITE))
            : user.origins().contains(origin.toLowerCase(Locale.ROOT));
    if (!isAllowed) {
      throw ApiException.forbidden(
          "This client token may not be used by pages of the origin '%s'."
              .formatted(origin == null ? "null" : Secret.clipped(origin)));
    }
  }

  /** Answers 403 unless the grant has the scope of the operation. */
  void requireScope(OpenStreams.Access access) {
    var operation = access.operation();
    if (access.grant().user() != null && !operation.isForBrowsers()) {
      throw ApiException.forbidden(
          "%s %s is not for client tokens: send an API key from a server."
              .formatted(operation.method(), operation.template()));
    }
    if (!access.grant().allows(operation)) {
      throw new ApiException(
          403,
          new ApiError(
              "You have insufficient permissions for this operation. Missing scopes: %s."
                  .formatted(operation.scope().wire()),
              ApiError.INVALID_REQUEST,
              null,
              "missing_scope"));
    }
  }
}
