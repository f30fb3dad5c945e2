package dev.threadmill.api;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The effects of a request with an {@code Idempotency-Key}. They are stored with the key in the
 * transaction that creates them. Bound to the thread of the request.
 *
 * @param keyId the id of the key's row
 * @param holder the id of this request as the holder of the key's lease
 * @param effects the first id of each kind that was created, by its prefix, and other notes
 */
public record IdempotencyContext(String keyId, String holder, Map<String, String> effects) {
  /** The name of the note with the event from which the response streams. */
  public static final String STREAM = "stream";

  private static final ThreadLocal<IdempotencyContext> CURRENT = new ThreadLocal<>();

  public IdempotencyContext(String row, String holder) {
    this(row, holder, new ConcurrentHashMap<>());
  }

  /** The context of this thread; empty if it serves no request with a key. */
  public static Optional<IdempotencyContext> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** Binds the context to this thread. */
  public void bind() {
    CURRENT.set(this);
  }

  /** Removes the context of this thread. */
  public static void unbind() {
    CURRENT.remove();
  }

  /** Adds a note if there is a context and it has none of this name. */
  public static void note(String name, String value) {
    var request = CURRENT.get();
    if (request != null) {
      request.effects.putIfAbsent(name, value);
    }
  }
}
