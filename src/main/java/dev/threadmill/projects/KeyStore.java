package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.egress.CidrRange;
import dev.threadmill.projects.oidc.OidcAdmin;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds what secrets give access to, by the digests of the secrets. */
@ApplicationScoped
class KeyStore {
  /** The most digests in one statement. */
  static final int MAX_DIGESTS = 1_000;

  /**
   * A secret before the last rotation works until its overlap ends. Neither those of archived
   * projects work nor client tokens of an expired key. A session of the console has the rights of
   * the key that signed in, for as long as the secret of that time works.
   */
  private static final String FIND =
      """
      WITH wanted AS (SELECT decode(hex, 'hex') AS digest FROM unnest(?::text[]) AS w (hex))
      SELECT w.digest, k.id, k.project_id, k.scopes, k.allowed_addresses, NULL AS user_id,
        NULL::text[] AS assistants, NULL::text[] AS origins, k.expires_at,
        CASE WHEN k.secret_hash <> w.digest THEN k.previous_until END AS rotated_at,
        NULL AS admin_id, NULL AS admin_subject, NULL AS admin_email
      FROM wanted w
      JOIN api_keys k ON k.secret_hash = w.digest OR k.previous_secret_hash = w.digest
      LEFT JOIN projects p ON p.id = k.project_id
      WHERE k.project_id IS NULL OR p.status = 'active'
      UNION ALL
      SELECT w.digest, t.id, t.project_id, k.scopes, k.allowed_addresses, t.user_id,
        t.assistants, t.origins, LEAST(t.expires_at, k.expires_at),
        CASE WHEN t.secret_hash <> w.digest THEN t.previous_until END, NULL, NULL, NULL
      FROM wanted w
      JOIN client_tokens t ON t.secret_hash = w.digest OR t.previous_secret_hash = w.digest
      JOIN projects p ON p.id = t.project_id
      LEFT JOIN api_keys k ON k.id = t.key_id
      WHERE p.status = 'active'
      UNION ALL
      SELECT w.digest, k.id, k.project_id, k.scopes, k.allowed_addresses, NULL, NULL, NULL,
        LEAST(s.expires_at, k.expires_at),
        CASE WHEN k.secret_hash <> s.key_hash THEN k.previous_until END,
        s.admin_id, s.admin_subject, s.admin_email
      FROM wanted w
      JOIN console_sessions s ON s.secret_hash = w.digest
      LEFT JOIN api_keys k ON k.id = s.key_id
        AND (k.secret_hash = s.key_hash OR k.previous_secret_hash = s.key_hash)
      LEFT JOIN projects p ON p.id = k.project_id
      WHERE s.admin_id IS NOT NULL OR k.id IS NOT NULL AND (k.project_id IS NULL OR p.status = 'active')
      """;

  private static final Set<Scope> OF_CLIENTS = EnumSet.of(Scope.READ, Scope.RUN);

  private final Jdbc jdbc;

  KeyStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record Found(String digest, Grant grant) {}

  /** The grant of the secret with this digest; empty if there is none. It may have expired. */
  Optional<Grant> find(byte[] digest) {
    return Optional.ofNullable(
        find(List.of(HexFormat.of().formatHex(digest))).get(HexFormat.of().formatHex(digest)));
  }

  /**
   * The grants of secrets.
   *
   * @param digests in hexadecimal, at most {@link #MAX_DIGESTS}
   * @return by their digests; those that do not exist are missing
   */
  Map<String, Grant> find(Collection<String> digests) {
    var grants = new HashMap<String, Grant>();
    jdbc.list(FIND, KeyStore::read, digests)
        .forEach(found -> grants.put(found.digest(), found.grant()));
    return grants;
  }

  private static Found read(Row row) throws SQLException {
    var admin = admin(row);
    if (admin != null) {
      return new Found(HexFormat.of().formatHex(row.bytes("digest")), Grant.of(admin));
    }
    var project = row.text("project_id", ProjectId::new);
    var user = row.text("user_id");
    return new Found(
        HexFormat.of().formatHex(row.bytes("digest")),
        new Grant(
            row.text("id", ApiKeyId::new),
            project,
            scopes(project, row.texts("scopes"), user != null),
            // The address of the backend that created a token says nothing about its user.
            user == null ? addresses(row.texts("allowed_addresses")) : List.of(),
            earlier(row.instant("expires_at"), row.instant("rotated_at")),
            user == null ? null : user(user, row),
            null));
  }

  /** The admin of an identity provider whose session it is; null for all others. */
  private static OidcAdmin admin(Row row) throws SQLException {
    var id = row.text("admin_id");
    return id == null
        ? null
        : new OidcAdmin(
            id, row.text("admin_subject"), row.text("admin_email"), row.instant("expires_at"));
  }

  private static ClientUser user(String id, Row row) throws SQLException {
    var assistants = row.texts("assistants");
    var origins = row.texts("origins");
    return new ClientUser(
        id,
        assistants == null ? List.of() : assistants.stream().map(AssistantId::new).toList(),
        origins == null ? List.of() : origins);
  }

  /** A client token never has more rights than the key that created it. */
  private static Set<Scope> scopes(ProjectId project, List<String> stored, boolean ofClient) {
    if (project == null) {
      return Scope.ALL;
    }
    var scopes = stored == null ? Scope.OF_NEW_KEYS : Scope.parse(stored);
    if (!ofClient) {
      return scopes;
    }
    var both = EnumSet.copyOf(OF_CLIENTS);
    if (!scopes.contains(Scope.ADMIN)) {
      both.retainAll(scopes);
    }
    return both;
  }

  private static List<CidrRange> addresses(List<String> stored) {
    return stored == null ? List.of() : stored.stream().map(CidrRange::parse).toList();
  }

  private static Instant earlier(Instant one, Instant other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.isBefore(other) ? one : other;
  }
}
