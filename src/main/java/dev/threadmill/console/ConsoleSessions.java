package dev.threadmill.console;

import dev.threadmill.db.Jdbc;
import dev.threadmill.projects.ApiKeyCache;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Credential;
import dev.threadmill.projects.Secret;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Sessions of browsers. What a session may do is what its key may do at that time: the key is
 * looked up with each session, so a change of the key is in force for its sessions as well.
 */
@ApplicationScoped
class ConsoleSessions {
  private static final String SECRET_PREFIX = "cs-";

  /** How many expired sessions a sign-in deletes at most. */
  private static final int DELETED_AT_ONCE = 100;

  private final Jdbc jdbc;
  private final ApiKeyCache cache;
  private final ConsoleConfig config;
  private final InstantSource clock;

  ConsoleSessions(Jdbc jdbc, ApiKeyCache cache, ConsoleConfig config, InstantSource clock) {
    this.jdbc = jdbc;
    this.cache = cache;
    this.config = config;
    this.clock = clock;
  }

  /** A session that has begun. Its secret is not stored. */
  record Opened(Secret secret, Instant expiresAt) {}

  /** Opens a session of the key or admin; empty if the credential is a session itself. */
  Optional<Opened> open(Credential credential) {
    var secret = Secret.random(SECRET_PREFIX);
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var expires = now.plus(config.sessionLifetime());
    if (credential.validUntil() != null && credential.validUntil().isBefore(expires)) {
      expires = credential.validUntil();
    }
    deleteExpired(now);
    boolean opened =
        credential.isSigned()
            ? insertOfAdmin(secret, credential, now, expires)
            : insertOfKey(secret, credential, now, expires);
    return opened ? Optional.of(new Opened(secret, expires)) : Optional.empty();
  }

  private boolean insertOfKey(Secret secret, Credential credential, Instant now, Instant expires) {
    var digest = HexFormat.of().parseHex(credential.digest());
    return jdbc.update(
            """
            INSERT INTO console_sessions (secret_hash, key_id, key_hash, created_at, expires_at)
            SELECT ?, id, ?, ?::timestamptz, ?::timestamptz FROM api_keys
            WHERE id = ? AND (secret_hash = ? OR previous_secret_hash = ?)
            """,
            secret.hash(),
            digest,
            now,
            expires,
            credential.key(),
            digest,
            digest)
        == 1;
  }

  private boolean insertOfAdmin(
      Secret secret, Credential credential, Instant now, Instant expires) {
    var admin = credential.admin();
    return jdbc.update(
            """
            INSERT INTO console_sessions (secret_hash, admin_id, admin_subject, admin_email,
              created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            secret.hash(),
            admin.id(),
            admin.subject(),
            admin.email(),
            now,
            expires)
        == 1;
  }

  /** Ends the session of the current request, on every node; false if it is none. */
  boolean end(Credential credential) {
    if (credential.digest() == null) {
      return false;
    }
    boolean ended =
        jdbc.update(
                "DELETE FROM console_sessions WHERE secret_hash = ?",
                HexFormat.of().parseHex(credential.digest()))
            == 1;
    if (ended) {
      cache.invalidateToken(Caller.current().key());
    }
    return ended;
  }

  private void deleteExpired(Instant now) {
    jdbc.update(
        """
        DELETE FROM console_sessions WHERE secret_hash IN (
          SELECT secret_hash FROM console_sessions WHERE expires_at < ? ORDER BY expires_at
          LIMIT ? FOR UPDATE SKIP LOCKED)
        """,
        now,
        DELETED_AT_ONCE);
  }
}
