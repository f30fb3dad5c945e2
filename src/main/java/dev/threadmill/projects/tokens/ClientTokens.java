package dev.threadmill.projects.tokens;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.audit.AuditedChange;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.projects.ApiKeyCache;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.KeyLimits;
import dev.threadmill.projects.Secret;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** The client tokens of projects. */
@ApplicationScoped
class ClientTokens {
  private static final String COLUMNS =
      "id, project_id, user_id, hint, assistants, origins, lifetime, created_at, expires_at,"
          + " last_used_at";
  private static final String SECRET_PREFIX = "ct-";

  /** The prefix of generated ids, of which only the rest is used. */
  private static final String GENERATED = "ct_";

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final ApiKeyCache cache;
  private final KeyLimits limits;

  ClientTokens(Jdbc jdbc, Ids ids, InstantSource clock, ApiKeyCache cache, KeyLimits limits) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.cache = cache;
    this.limits = limits;
  }

  /** Creates a token of the caller. Its secret is shown only in the response. */
  ClientTokenObject.WithValue create(Caller caller, CreateClientToken request) {
    StorableText.require("user", request.user());
    var sent = request.limits();
    boolean isLimited = sent != null && !sent.isNull();
    var setLimits = isLimited ? limits.prepare(caller.project(), sent) : null;
    var secret = Secret.random(SECRET_PREFIX);
    var now = now();
    var token =
        new ClientToken(
            caller.key().child(ids.next(GENERATED).substring(GENERATED.length())),
            caller.project(),
            request.user(),
            secret.hint(),
            request.assistants() == null
                ? null
                : request.assistants().stream().map(id -> id.value()).toList(),
            request.origins(),
            (int) request.lifetime().toSeconds(),
            now,
            now.plus(request.lifetime()),
            null);
    AuditedChange.created(token.id().value());
    AuditedChange.detail("user", token.user());
    AuditedChange.detail("expires_at", token.expiresAt().getEpochSecond());
    jdbc.update(
        """
        INSERT INTO client_tokens (id, project_id, key_id, user_id, secret_hash, hint, assistants,
          origins, lifetime, created_at, expires_at)
        VALUES (?, ?, (SELECT id FROM api_keys WHERE id = ?), ?, ?, ?, ?::text[], ?::text[], ?, ?, ?)
        """,
        token.id(),
        token.project(),
        caller.key(),
        token.user(),
        secret.hash(),
        token.hint(),
        token.assistants(),
        token.origins(),
        token.lifetime(),
        token.createdAt(),
        token.expiresAt());
    if (setLimits != null) {
      // In a second transaction. If the server stops in between, the secret was never shown.
      setLimits.accept(token.id());
    }
    return ClientTokenObject.WithValue.of(token, secret);
  }

  /**
   * The tokens of a project that work or have worked lately.
   *
   * @param user null for those of all users
   */
  Page<ClientTokenObject> list(ProjectId project, String user, PageRequest page) {
    var tokens =
        Keyset.of(COLUMNS, "client_tokens")
            .within("project_id = ?", project.value())
            .filteredBy("expires_at > ?", clock.instant());
    if (user != null) {
      tokens.filteredBy("user_id = ?", StorableText.require("user", user));
    }
    return tokens
        .page(
            page,
            (sql, params) -> jdbc.list(sql, ClientTokens::read, params),
            token -> token.id().value())
        .map(ClientTokenObject::of);
  }

  ClientTokenObject get(ProjectId project, ApiKeyId id) {
    return jdbc.one(
            "SELECT " + COLUMNS + " FROM client_tokens WHERE id = ? AND project_id = ?",
            ClientTokens::read,
            id,
            project)
        .map(ClientTokenObject::of)
        .orElseThrow(() -> notFound(id));
  }

  /**
   * Gives the token a new secret and its whole lifetime again. The old secret works for some
   * seconds more, but no longer than it would have.
   */
  ClientTokenObject.WithValue refresh(ProjectId project, ApiKeyId id, int overlapSeconds) {
    var secret = Secret.random(SECRET_PREFIX);
    var now = now();
    AuditedChange.detail("overlap_seconds", overlapSeconds);
    var token =
        jdbc.updateReturningOne(
                """
                UPDATE client_tokens SET previous_secret_hash = secret_hash,
                  previous_until = LEAST(expires_at, ?), secret_hash = ?, hint = ?,
                  expires_at = ?::timestamptz + lifetime * interval '1 second'
                WHERE id = ? AND project_id = ? AND expires_at > ? RETURNING """
                    + " "
                    + COLUMNS,
                ClientTokens::read,
                now.plusSeconds(overlapSeconds),
                secret.hash(),
                secret.hint(),
                now,
                id,
                project,
                now)
            .orElseThrow(() -> notFound(id));
    cache.invalidateToken(id);
    return ClientTokenObject.WithValue.of(token, secret);
  }

  /** Revokes the token: it stops working at once on every node and on open streams. */
  void revoke(ProjectId project, ApiKeyId id) {
    if (jdbc.update("DELETE FROM client_tokens WHERE id = ? AND project_id = ?", id, project)
        == 0) {
      throw notFound(id);
    }
    cache.invalidateToken(id);
  }

  /** Deletes tokens that expired before this time, at most so many. Returns how many. */
  int deleteExpired(Instant before, int most) {
    return jdbc.update(
        """
        DELETE FROM client_tokens WHERE id IN (
          SELECT id FROM client_tokens WHERE expires_at < ? ORDER BY expires_at
          LIMIT ? FOR UPDATE SKIP LOCKED)
        """,
        before,
        most);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static ApiException notFound(ApiKeyId id) {
    return ApiException.notFound("client token", id);
  }

  private static ClientToken read(Row row) throws SQLException {
    return new ClientToken(
        row.text("id", ApiKeyId::new),
        row.text("project_id", ProjectId::new),
        row.text("user_id"),
        row.text("hint"),
        row.texts("assistants"),
        row.texts("origins"),
        row.integer("lifetime"),
        row.instant("created_at"),
        row.instant("expires_at"),
        row.instant("last_used_at"));
  }
}
