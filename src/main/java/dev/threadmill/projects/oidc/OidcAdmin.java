package dev.threadmill.projects.oidc;

import java.time.Instant;

/**
 * An admin as an identity provider knows them.
 *
 * @param id of the issuer and the subject, 24 hexadecimal digits, or r and 23 of them for a reader
 * @param email null if the provider does not say it
 * @param validUntil when the token expires
 */
public record OidcAdmin(String id, String subject, String email, Instant validUntil) {
  /** Hexadecimal digits have no such letter. */
  private static final String READER = "r";

  private static final int ID_LENGTH = 24;

  /**
   * The id of somebody whom an identity provider knows.
   *
   * @param hash of the issuer and the subject
   * @param isReader whether the person may only read
   */
  static String id(String hash, boolean isReader) {
    return isReader ? READER + hash.substring(0, ID_LENGTH - 1) : hash.substring(0, ID_LENGTH);
  }

  /** Whether the admin may only read. The id says so, also that of a stored session. */
  public boolean isReader() {
    return id.startsWith(READER);
  }
}
