package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.http.KnownCallers;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** The callers whose keys are cached. */
@ApplicationScoped
class CachedCallers implements KnownCallers {
  private final ApiKeyCache keys;

  CachedCallers(ApiKeyCache keys) {
    this.keys = keys;
  }

  /** The project of the key, or an admin key itself. */
  @Override
  public Optional<String> find(String authorization) {
    try {
      return keys.findCached(AuthenticationFilter.secret(authorization))
          .map(grant -> grant.isAdmin() ? grant.key().value() : grant.project().value());
    } catch (ApiException _) {
      return Optional.empty();
    }
  }
}
