package dev.threadmill.api;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The request in hand, if it came with an {@code Idempotency-Key}: what it makes is noted here, and
 * stored with the key in the very transaction that makes it. Bound to the request's own thread.
 *
 * @param row the id of the key's row
 * @param holder the name under which this request holds the key
 * @param made the first id of each kind that was made, by its prefix, and what else was noted
 */
public record IdempotencyContext(String keyId, String holder, Map<String, String> effects) {
  /** The name of the note that says from which event on the request is answered by a stream. */
  public static final String STREAM = "stream";

  private static final ThreadLocal<IdempotencyContext> CURRENT = new ThreadLocal<>();

  public IdempotencyContext(String row, String holder) {
    this(row, holder, new ConcurrentHashMap<>());
  }

  /** The request that this thread serves; empty if it has no key. */
  public static Optional<IdempotencyContext> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** Has this thread serve the request. */
  public void bind() {
    CURRENT.set(this);
  }

  /** Has this thread serve no request with a key any more. */
  public static void unbind() {
    CURRENT.remove();
  }

  /** Notes what a repeated answer will need to know; the first note of a name stays. */
  public static void note(String name, String value) {
    var request = CURRENT.get();
    if (request != null) {
      request.effects.putIfAbsent(name, value);
    }
  }
}
