package dev.threadmill.projects.oidc;

import java.time.Instant;

/**
 * An admin as an identity provider knows them.
 *
 * @param id of the issuer and the subject, of 24 hexadecimal digits
 * @param email null if the provider does not say it
 * @param validUntil when the token expires
 */
public record OidcAdmin(String id, String subject, String email, Instant validUntil) {}
