package dev.threadmill.privacy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.CommitHook;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.Token;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * What tokens stand for, encrypted. Each project has a data key, and each of its users one more;
 * they are encrypted by {@link SecretBox}. The key of the project names the tokens, so a value has
 * one token in a project, whoever its owner is.
 */
@ApplicationScoped
public class Vault {
  private static final Logger LOG = Logger.getLogger(Vault.class);
  private static final Duration KEY_TTL = Duration.ofSeconds(10);
  private static final Duration STORED_TTL = Duration.ofMinutes(5);
  private static final int MAX_KEYS = 10_000;
  private static final int MAX_STORED = 50_000;

  /** The owner of what belongs to no user. */
  static final String PROJECT = "";

  private record KeyName(ProjectId project, String owner) {}

  private record StoredToken(ProjectId project, String owner, String token) {}

  private final Jdbc jdbc;
  private final SecretBox box;
  private final Cache<KeyName, DataKey> keys =
      Caffeine.newBuilder().expireAfterWrite(KEY_TTL).maximumSize(MAX_KEYS).build();

  /** Tokens that need not be inserted again. */
  private final Cache<StoredToken, Boolean> stored =
      Caffeine.newBuilder().expireAfterWrite(STORED_TTL).maximumSize(MAX_STORED).build();

  Vault(Jdbc jdbc, SecretBox box) {
    this.jdbc = jdbc;
    this.box = box;
  }

  /** A value that a token stands for. */
  record Value(EntityKind kind, String text) {}

  /** The owner of what belongs to a user; that of the project for null. */
  static String ownerOf(String user) {
    return user == null ? PROJECT : "user:" + user;
  }

  /**
   * Makes the key of a project unless it has one.
   *
   * @throws ApiException 400 if this server has no key to encrypt it with
   */
  void requireKey(ProjectId project) {
    key(project, PROJECT);
  }

  /**
   * The tokens of values, which are in the vault when this returns.
   *
   * @param owner of the values
   */
  Map<Value, String> tokens(ProjectId project, String owner, Collection<Value> values) {
    try {
      return store(project, owner, values);
    } catch (DatabaseException e) {
      if (e.isOutage()) {
        throw e;
      }
      // The key was deleted a moment ago, and this node had it in memory.
      forgetKeys();
      return store(project, owner, values);
    }
  }

  /** The tokens of values, which are not stored: to look for what was. */
  Map<Value, String> names(ProjectId project, Collection<Value> values) {
    var naming = key(project, PROJECT);
    var tokens = new LinkedHashMap<Value, String>();
    values.forEach(value -> tokens.put(value, token(naming, value)));
    return tokens;
  }

  private static String token(DataKey naming, Value value) {
    return Token.of(value.kind(), naming.name(value.kind(), value.text(), Token.NAME_LENGTH));
  }

  private Map<Value, String> store(ProjectId project, String owner, Collection<Value> values) {
    var naming = key(project, PROJECT);
    var tokens = new LinkedHashMap<Value, String>();
    var missing = new ArrayList<Value>();
    for (var value : values) {
      var token = token(naming, value);
      if (tokens.putIfAbsent(value, token) == null
          && stored.getIfPresent(new StoredToken(project, owner, token)) == null) {
        missing.add(value);
      }
    }
    if (!missing.isEmpty()) {
      insert(project, owner, tokens, missing);
    }
    return tokens;
  }

  private void insert(
      ProjectId project, String owner, Map<Value, String> tokens, List<Value> missing) {
    var key = key(project, owner);
    var names = missing.stream().map(tokens::get).toList();
    CommitHook.suspended(
        () ->
            jdbc.update(
                """
                INSERT INTO privacy_vault (project_id, owner, token, kind, sealed)
                SELECT ?, ?, new.token, new.kind, new.sealed
                FROM unnest(?::text[], ?::text[], ?::text[]) AS new (token, kind, sealed)
                ON CONFLICT DO NOTHING\
                """,
                project,
                owner,
                names,
                missing.stream().map(value -> value.kind().wireName()).toList(),
                missing.stream()
                    .map(value -> key.encrypt(tokens.get(value), value.text()))
                    .toList()));
    if (QuarkusTransaction.isActive()) {
      // It may be rolled back.
      return;
    }
    names.forEach(token -> stored.put(new StoredToken(project, owner, token), true));
  }

  /**
   * What tokens stand for. Those that are unknown, of other kinds, or encrypted by a key that was
   * deleted are left out.
   */
  Map<String, String> values(ProjectId project, Collection<String> tokens, Set<EntityKind> kinds) {
    if (tokens.isEmpty() || kinds.isEmpty()) {
      return Map.of();
    }
    record Found(String token, String owner, String sealed) {}
    var found =
        jdbc.list(
            """
            SELECT token, owner, sealed FROM privacy_vault
            WHERE project_id = ? AND token = ANY(?) AND kind = ANY(?)\
            """,
            row -> new Found(row.text("token"), row.text("owner"), row.text("sealed")),
            project,
            tokens,
            kinds.stream().map(EntityKind::wireName).toList());
    var values = new HashMap<String, String>();
    for (var each : found) {
      if (!values.containsKey(each.token())) {
        values.put(each.token(), key(project, each.owner()).decrypt(each.token(), each.sealed()));
      }
    }
    return values;
  }

  private DataKey key(ProjectId project, String owner) {
    var name = new KeyName(project, owner);
    var known = keys.getIfPresent(name);
    if (known != null) {
      return known;
    }
    var read = CommitHook.suspended(() -> read(project, owner));
    keys.put(name, read);
    return read;
  }

  private DataKey read(ProjectId project, String owner) {
    var sealed = sealed(project, owner);
    if (sealed == null) {
      jdbc.update(
          "INSERT INTO privacy_keys (project_id, owner, sealed) VALUES (?, ?, ?)"
              + " ON CONFLICT DO NOTHING",
          project,
          owner,
          box.seal(project, DataKey.random()).box());
      sealed = sealed(project, owner);
    }
    try {
      return DataKey.of(box.open(project, new SecretText.Sealed(sealed)));
    } catch (SecretBox.UndecryptableException e) {
      LOG.errorf("a key of the privacy vault cannot be decrypted project_id=%s", project);
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private String sealed(ProjectId project, String owner) {
    return jdbc.one(
            "SELECT sealed FROM privacy_keys WHERE project_id = ? AND owner = ?",
            row -> row.text("sealed"),
            project,
            owner)
        .orElse(null);
  }

  /** How many values belong to a user. */
  public int count(ProjectId project, String user) {
    return jdbc.one(
            "SELECT count(*)::int AS values FROM privacy_vault WHERE project_id = ? AND owner = ?",
            row -> row.integer("values"),
            project,
            ownerOf(user))
        .orElse(0);
  }

  /**
   * Deletes the key of a user, which makes its values unreadable in backups as well, and the
   * values, with that of the token by which the user is known. Returns how many values were
   * deleted.
   */
  public int shred(Tx tx, ProjectId project, String user) {
    int deleted =
        tx.update(
            "DELETE FROM privacy_vault WHERE project_id = ? AND (owner = ? OR token = ?)",
            project,
            ownerOf(user),
            user);
    tx.update(
        "DELETE FROM privacy_keys WHERE project_id = ? AND owner = ?", project, ownerOf(user));
    return deleted;
  }

  /** Reads keys again when they are needed next. */
  void forgetKeys() {
    keys.invalidateAll();
    stored.invalidateAll();
  }
}
