package dev.threadmill.db;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A statement that goes into every transaction of the current thread that changes something, right
 * before its commit: either both are stored, or neither. A hook that throws rolls the transaction
 * back.
 */
public final class CommitHook {
  private static final ThreadLocal<Consumer<Tx>> CURRENT = new ThreadLocal<>();

  private CommitHook() {}

  /** Adds the hook to the transactions of this thread, in place of all others. */
  public static void bind(Consumer<Tx> hook) {
    CURRENT.set(hook);
  }

  /** Adds the hook to the transactions of this thread, after those that it has already. */
  public static void add(Consumer<Tx> hook) {
    var others = CURRENT.get();
    CURRENT.set(others == null ? hook : others.andThen(hook));
  }

  /** Removes the hooks of this thread. */
  public static void unbind() {
    CURRENT.remove();
  }

  /**
   * Does work whose transactions are no effect of the current request, such as a reservation that
   * is released again when the request fails.
   */
  public static <T> T suspended(Supplier<T> work) {
    var hook = CURRENT.get();
    CURRENT.remove();
    try {
      return work.get();
    } finally {
      if (hook != null) {
        CURRENT.set(hook);
      }
    }
  }

  static Optional<Consumer<Tx>> current() {
    return Optional.ofNullable(CURRENT.get());
  }
}
