package dev.threadmill.memory.recall;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Work that goes on while who has begun it does something else. */
final class Async<T> {
  private final FutureTask<T> task;
  private final long began = System.nanoTime();

  private Async(FutureTask<T> task) {
    this.task = task;
  }

  /** Begins the work on a thread of its own. */
  static <T> Async<T> start(String name, Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().name(name).start(task);
    return new Async<>(task);
  }

  /** Waits for the outcome; throws what the work has thrown. */
  T await() throws InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw thrown(e);
    }
  }

  /**
   * As {@link #await()}.
   *
   * @param patience how long the work may take, since it was begun
   * @throws TimeoutException if it takes longer
   */
  T await(Duration patience) throws InterruptedException, TimeoutException {
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
