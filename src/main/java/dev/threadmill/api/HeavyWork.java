package dev.threadmill.api;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Executes what computes for long, such as parsing a large body, on platform threads: half as many
 * as there are cores, and two at least, so that one owner cannot occupy them all. Owners take
 * turns, so that one that asks for much of it delays the requests of others by a single turn.
 * Threads are not preempted within a turn: each piece of work has to be bounded by itself.
 */
public final class HeavyWork {
  /** Shorter texts are processed by the thread that has them. */
  public static final int MIN_CHARACTERS = 32 * 1024;

  /** More requests of one owner than this do not wait. */
  private static final int MAX_WAITING_REQUESTS = 64;

  private static final Duration MAX_WAIT = Duration.ofSeconds(30);
  private static final int THREADS = Math.max(2, Runtime.getRuntime().availableProcessors() / 2);
  private static final int OF_ONE_OWNER = THREADS / 2;

  /** For values that nest as deep as JSON may. */
  private static final int STACK_BYTES = 8 << 20;

  private static final int IDLE_SECONDS = 10;
  private static final FairExecutor EXECUTOR = new FairExecutor(threads(), OF_ONE_OWNER);

  private HeavyWork() {}

  private static ThreadPoolExecutor threads() {
    var threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> new HeavyThread(work));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  private static final class HeavyThread extends Thread {
    HeavyThread(Runnable work) {
      super(null, work, "heavy-work", STACK_BYTES);
      setDaemon(true);
      setContextClassLoader(HeavyWork.class.getClassLoader());
    }
  }

  /** Executes the tasks of this owner. */
  public static Executor executor(String owner) {
    return EXECUTOR.of(owner);
  }

  /**
   * The result of the work for {@link WorkOwner#current}. If its turn does not come in time, or the
   * thread is interrupted, the thread does the work itself, and stays interrupted.
   *
   * @param characters of the text that is processed; little work is done at once
   */
  public static <T> T run(long characters, Supplier<T> work) {
    return isLight(characters) ? work.get() : run(MAX_WAIT, work);
  }

  /** As above, with the longest wait for a turn. */
  static <T> T run(Duration maxWait, Supplier<T> work) {
    var result = CompletableFuture.supplyAsync(work, executor(WorkOwner.current()));
    try {
      return result.get(maxWait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw rethrown(e);
    } catch (TimeoutException _) {
      result.cancel(false);
      return work.get();
    } catch (InterruptedException _) {
      result.cancel(false);
      Thread.currentThread().interrupt();
      return work.get();
    }
  }

  /**
   * As {@link #run(long, Supplier)}, for a request, which is refused if its turn does not come.
   *
   * @throws ApiException 429 if many requests of the owner wait already, 503 if its turn does not
   *     come in time
   */
  public static <T> T runForRequest(long characters, Supplier<T> work) {
    if (isLight(characters)) {
      return work.get();
    }
    var owner = WorkOwner.current();
    if (EXECUTOR.waiting(owner) >= MAX_WAITING_REQUESTS) {
      throw ApiException.tooMany(
          "too_many_large_requests",
          "More than %d large requests of this project wait to be read. Please send fewer at a time."
              .formatted(MAX_WAITING_REQUESTS),
          Duration.ofSeconds(1));
    }
    var result = CompletableFuture.supplyAsync(work, executor(owner));
    try {
      return result.get(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw rethrown(e);
    } catch (TimeoutException _) {
      result.cancel(false);
      throw ApiException.unavailable(
          "The server is busy with other large requests. Please try again.", 5);
    } catch (InterruptedException _) {
      result.cancel(false);
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The request was interrupted. Please try again.", 1);
    }
  }

  private static boolean isLight(long characters) {
    return characters < MIN_CHARACTERS || Thread.currentThread() instanceof HeavyThread;
  }

  private static RuntimeException rethrown(Exception wrapper) {
    return switch (wrapper.getCause()) {
      case RuntimeException own -> own;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(wrapper.getCause());
    };
  }
}
