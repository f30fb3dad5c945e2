package dev.threadmill.memory.recall;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Work that goes on while who has begun it does something else. */
final class Meanwhile<T> {
  private final FutureTask<T> task;
  private final long began = System.nanoTime();

  private Meanwhile(FutureTask<T> task) {
    this.task = task;
  }

  /** Begins the work on a thread of its own. */
  static <T> Meanwhile<T> begin(String name, Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().name(name).start(task);
    return new Meanwhile<>(task);
  }

  /** Waits for the outcome; throws what the work has thrown. */
  T outcome() throws InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw thrown(e);
    }
  }

  /**
   * As {@link #outcome()}.
   *
   * @param patience how long the work may take, since it was begun
   * @throws TimeoutException if it takes longer
   */
  T outcome(Duration patience) throws InterruptedException, TimeoutException {
    try {
      long left = patience.toNanos() - (System.nanoTime() - began);
      return task.get(Math.max(0, left), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw thrown(e);
    }
  }

  private static RuntimeException thrown(ExecutionException e) throws InterruptedException {
    return switch (e.getCause()) {
      case RuntimeException cause -> cause;
      case InterruptedException cause -> throw cause;
      case Error cause -> throw cause;
      case null, default -> new IllegalStateException(e.getCause());
    };
  }
}
