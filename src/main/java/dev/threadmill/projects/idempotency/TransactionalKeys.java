package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Keys of requests whose responses cannot be replayed, such as JSON-RPC, where each attempt has an
 * id of its own: a key leads to what the first request has created. It is stored in the transaction
 * that creates it, so it costs no commit of its own and nothing has to be taken over after a crash.
 */
@ApplicationScoped
public class TransactionalKeys {
  private static final int MAX_KEY = 512;

  private final IdempotencyKeyStore store;

  TransactionalKeys(IdempotencyKeyStore store) {
    this.store = store;
  }

  /**
   * A request with a key.
   *
   * @param scope within which the key is unique, such as the id of an assistant
   * @param content what tells the request from another one with the same key
   */
  public record KeyedRequest(ProjectId project, String scope, String key, String content) {
    private String row() {
      return Sha256.hex(project + "/" + scope + "/" + key);
    }
  }

  /** Stores the key with the ids of what was created, in the transaction that creates it. */
  @FunctionalInterface
  public interface Recorder {
    void record(Tx tx, Map<String, String> effects);
  }

  /**
   * What the request creates, or has created before.
   *
   * @param find finds it by what was recorded; empty if it was deleted since, which frees the key
   * @param create creates it, and calls the recorder in the same transaction
   * @throws ApiException 400 if the key was sent with another request, or is too long
   */
  public <T> T once(
      KeyedRequest request,
      Function<Map<String, String>, Optional<T>> find,
      Function<Recorder, T> create) {
    if (request.key().isEmpty() || request.key().length() > MAX_KEY) {
      throw ApiException.invalid(
          IdempotencyKey.HEADER,
          "Invalid key of the request: expected 1 to %d characters.".formatted(MAX_KEY));
    }
    var stored = store.find(request.row()).filter(key -> !key.isExpired());
    var before = stored.flatMap(key -> existing(request, key, find));
    if (before.isPresent()) {
      return before.get();
    }
    var stale = stored.map(IdempotencyKeyStore.StoredKey::effects).orElse(null);
    try {
      return create.apply((tx, effects) -> record(tx, request, effects, stale));
    } catch (DatabaseException e) {
      if (!e.isDuplicateOf(IdempotencyKeyStore.PRIMARY_KEY)) {
        throw e;
      }
      // A concurrent attempt committed first.
      return store
          .find(request.row())
          .flatMap(key -> existing(request, key, find))
          .orElseThrow(() -> e);
    }
  }

  private static <T> Optional<T> existing(
      KeyedRequest request,
      IdempotencyKeyStore.StoredKey key,
      Function<Map<String, String>, Optional<T>> find) {
    var found = find.apply(key.effects());
    if (found.isPresent() && !key.fingerprint().equals(Sha256.hex(request.content()))) {
      throw ApiException.invalid(
          IdempotencyKey.HEADER,
          "idempotency_key_reused",
          "The key of this request was sent with another request. Use a new key for each request.");
    }
    return found;
  }

  private void record(
      Tx tx, KeyedRequest request, Map<String, String> effects, Map<String, String> stale) {
    store.insertWithEffects(
        tx, request.row(), request.project(), Sha256.hex(request.content()), effects, stale);
  }
}
