package dev.threadmill.limits;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Database work for threads that may be interrupted at any time, as those that call models are: an
 * interrupt within a statement would break its connection.
 */
final class Uninterruptibly {
  private Uninterruptibly() {}

  /** Does the work on another thread and waits for it. The interrupt flag stays as it was. */
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
