package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.projects.oidc.OidcAdmin;
import java.time.Instant;

/**
 * The secret that the current request was admitted with.
 *
 * @param key that the secret belongs to
 * @param digest of the secret, in hexadecimal; null if an identity provider has signed it
 * @param admin null unless an identity provider has signed the secret, or the one that its session
 *     was opened with
 * @param validUntil when the secret stops working; null if it does not
 */
public record Credential(ApiKeyId key, String digest, OidcAdmin admin, Instant validUntil) {
  /**
   * The credential of the current request.
   *
   * @throws IllegalStateException on a thread that serves no authenticated request
   */
  public static Credential current() {
    return Caller.accessOfRequest()
        .map(
            access ->
                new Credential(
                    access.grant().key(),
                    access.digest(),
                    access.grant().admin(),
                    access.grant().validUntil()))
        .orElseThrow(
            () -> new IllegalStateException("this path is not behind the authentication filter"));
  }

  /** Whether an identity provider has signed the secret. */
  public boolean isSigned() {
    return digest == null;
  }
}
