package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.egress.CidrRange;
import dev.threadmill.projects.oidc.OidcAdmin;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * What a secret gives access to.
 *
 * @param key the id of the API key or of the client token
 * @param project null for an admin
 * @param addresses from where it may be used; empty for everywhere
 * @param validUntil when this secret stops working; null if it does not
 * @param user null unless it is the secret of a client token
 * @param admin null unless an identity provider has signed the secret
 */
record Grant(
    ApiKeyId key,
    ProjectId project,
    Set<Scope> scopes,
    List<CidrRange> addresses,
    Instant validUntil,
    ClientUser user,
    OidcAdmin admin) {
  /** The key that all admins of an identity provider count as, each with an id below it. */
  private static final ApiKeyId OIDC_KEY = new ApiKeyId("key_oidc");

  Grant {
    scopes = Set.copyOf(scopes);
    addresses = List.copyOf(addresses);
  }

  /** What an admin of an identity provider may do. */
  static Grant of(OidcAdmin admin) {
    return new Grant(
        OIDC_KEY.child(admin.id()),
        null,
        admin.isReader() ? Set.of(Scope.READ) : Scope.ALL,
        List.of(),
        admin.validUntil(),
        null,
        admin);
  }

  boolean isAdmin() {
    return project == null;
  }

  boolean isExpired(Instant now) {
    return validUntil != null && !now.isBefore(validUntil);
  }

  /** Whether it may be used from this address; null if the address is not known. */
  boolean isAllowedFrom(InetAddress address) {
    return addresses.isEmpty()
        || (address != null && addresses.stream().anyMatch(range -> range.contains(address)));
  }

  /** Whether it may be used for this operation. */
  boolean allows(EndpointScopes.Operation operation) {
    return has(operation.scope()) || (admin != null && operation.isForReaders());
  }

  boolean has(Scope scope) {
    return scopes.contains(scope) || scopes.contains(Scope.ADMIN);
  }
}
