package dev.threadmill.search;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A task on a virtual thread of its own. */
final class Async<T> {
  private final FutureTask<T> task;
  private final long startedAt = System.nanoTime();

  private Async(FutureTask<T> task) {
    this.task = task;
  }

  static <T> Async<T> start(String name, Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().name(name).start(task);
    return new Async<>(task);
  }

  /** Waits for the result; throws what the task has thrown. */
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
   * @param timeout measured from the start of the task
   */
  T await(Duration timeout) throws InterruptedException, TimeoutException {
    try {
      long left = timeout.toNanos() - (System.nanoTime() - startedAt);
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
