package dev.threadmill.projects.idempotency;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** The table of idempotency keys. All its times are those of the database. */
@ApplicationScoped
class IdempotencyKeyStore {
  private static final TypeReference<Map<String, String>> MADE = new TypeReference<>() {};
  static final String PRIMARY_KEY = "idempotency_keys_pkey";
  private static final String LEASE = "interval '10 seconds'";
  private static final String TTL = "interval '24 hours'";
  private static final int DELETE_BATCH = 1_000;

  private final Jdbc jdbc;

  IdempotencyKeyStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * A stored key.
   *
   * @param isAbandoned whether its holder has stopped renewing the lease
   * @param effects what the request has created; null if it has not been committed
   * @param status of the response; null if none is stored
   */
  record StoredKey(
      String fingerprint,
      boolean isExpired,
      String holder,
      boolean isAbandoned,
      Map<String, String> effects,
      Integer status,
      String contentType,
      byte[] answer,
      String stream) {}

  /** Returns false if the key exists. */
  boolean insert(ProjectId project, String fingerprint, IdempotencyContext request) {
    return jdbc.update(
            """
            INSERT INTO idempotency_keys (id, project_id, fingerprint, created_at, holder, held_until)
            VALUES (?, ?, ?, now(), ?, now() + %s) ON CONFLICT DO NOTHING
            """
                .formatted(LEASE),
            request.keyId(),
            project,
            fingerprint,
            request.holder())
        == 1;
  }

  Optional<StoredKey> find(String row) {
    return jdbc.one(
        """
        SELECT fingerprint, created_at < now() - %s AS expired, holder, held_until < now() AS abandoned,
          made, status, content_type, answer, stream
        FROM idempotency_keys WHERE id = ?
        """
            .formatted(TTL),
        found ->
            new StoredKey(
                found.text("fingerprint"),
                found.bool("expired"),
                found.text("holder"),
                found.bool("abandoned"),
                found.json("made", MADE),
                found.integer("status"),
                found.text("content_type"),
                found.bytes("answer"),
                found.text("stream")),
        row);
  }

  /** Returns false if another request took it over first, or the holder has renewed its lease. */
  boolean takeOver(IdempotencyContext request, String from) {
    return jdbc.update(
            """
            UPDATE idempotency_keys SET holder = ?, held_until = now() + %s
            WHERE id = ? AND holder = ? AND held_until < now() AND status IS NULL
            """
                .formatted(LEASE),
            request.holder(),
            request.keyId(),
            from)
        == 1;
  }

  void renew(Collection<String> holders) {
    jdbc.update(
        "UPDATE idempotency_keys SET held_until = now() + %s WHERE id = ANY (?) AND holder = ANY (?)"
            .formatted(LEASE),
        holders.stream().map(holder -> holder.substring(0, holder.indexOf('/'))).toList(),
        holders);
  }

  /**
   * Stores what the request has created, in the transaction that does so.
   *
   * @throws ApiException 409 if another request has taken the key over
   */
  void setEffects(Tx tx, IdempotencyContext request) {
    int updated =
        tx.update(
            "UPDATE idempotency_keys SET made = ? WHERE id = ? AND holder = ?",
            Tx.json(request.effects()),
            request.keyId(),
            request.holder());
    if (updated == 0) {
      throw IdempotencyFilter.inUse();
    }
  }

  void store(
      IdempotencyContext request, int status, String contentType, byte[] answer, String stream) {
    jdbc.update(
        """
        UPDATE idempotency_keys SET status = ?, content_type = ?, answer = ?, stream = ?
        WHERE id = ? AND holder = ?
        """,
        status,
        contentType,
        answer,
        stream,
        request.keyId(),
        request.holder());
  }

  /**
   * Deletes the key of a request that has changed nothing; otherwise only ends its lease, so that a
   * repeated request is answered with what was created.
   */
  void release(IdempotencyContext request) {
    int deleted =
        jdbc.update(
            "DELETE FROM idempotency_keys WHERE id = ? AND holder = ? AND made IS NULL",
            request.keyId(),
            request.holder());
    if (deleted == 0) {
      jdbc.update(
          "UPDATE idempotency_keys SET held_until = '-infinity' WHERE id = ? AND holder = ?",
          request.keyId(),
          request.holder());
    }
  }

  /**
   * Inserts a key together with what its request creates, in that transaction.
   *
   * @param stale effects of a row that is replaced, besides an expired one; null if there is none
   */
  void insertWithEffects(
      Tx tx,
      String row,
      ProjectId project,
      String fingerprint,
      Map<String, String> effects,
      Map<String, String> stale) {
    tx.defer(
        "DELETE FROM idempotency_keys WHERE id = ? AND (made = ?::jsonb OR created_at < now() - %s)"
            .formatted(TTL),
        row,
        Tx.json(stale));
    tx.defer(
        """
        INSERT INTO idempotency_keys
          (id, project_id, fingerprint, created_at, holder, held_until, made)
        VALUES (?, ?, ?, now(), '', '-infinity', ?)
        """,
        row,
        project,
        fingerprint,
        Tx.json(effects));
  }

  void deleteExpired(String row) {
    jdbc.update("DELETE FROM idempotency_keys WHERE id = ? AND created_at < now() - " + TTL, row);
  }

  /** Deletes some of the expired keys. Returns whether there may be more. */
  boolean deleteExpired() {
    return jdbc.update(
            """
            DELETE FROM idempotency_keys WHERE id IN (
              SELECT id FROM idempotency_keys WHERE created_at < now() - %s
              ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED)
            """
                .formatted(TTL),
            DELETE_BATCH)
        == DELETE_BATCH;
  }
}
