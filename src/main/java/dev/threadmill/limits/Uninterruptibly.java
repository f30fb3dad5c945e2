package dev.threadmill.limits;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Work with the database for threads that may be interrupted at any moment, as those that call
 * models are: an interrupt in the middle of it would break the connection.
 */
final class Uninterruptibly {
  private Uninterruptibly() {}

  /** Does the work on a thread of its own and waits for it. An interrupt is kept for afterwards. */
  static <T> T call(Supplier<T> work) {
    var done = new CompletableFuture<T>();
    Thread.ofVirtual()
        .name("limits")
        .start(
            () -> {
              try {
                done.complete(work.get());
              } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            });
    try {
      // Does not end early when it is interrupted.
      return done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw e;
    }
  }
}
