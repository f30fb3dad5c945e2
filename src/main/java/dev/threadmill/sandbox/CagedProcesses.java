package dev.threadmill.sandbox;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Starts processes on one platform thread that never ends. Linux ends a process that dies with its
 * parent, as those of bubblewrap do, when the thread ends that started it: the carrier threads of
 * virtual threads end when they are idle.
 */
public final class CagedProcesses {
  private static final ExecutorService LAUNCHER =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("sandbox-launcher").factory());

  private CagedProcesses() {}

  /**
   * Starts a process.
   *
   * @throws IOException if it does not start
   * @throws InterruptedException if the thread is interrupted; a process that starts nevertheless
   *     is ended
   */
  public static Process start(ProcessBuilder builder) throws IOException, InterruptedException {
    var started = LAUNCHER.submit(builder::start);
    try {
      return started.get();
    } catch (InterruptedException e) {
      LAUNCHER.execute(() -> end(started));
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** Executed behind the start itself, as there is one thread. */
  private static void end(Future<Process> started) {
    if (started.state() == Future.State.SUCCESS) {
      started.resultNow().destroyForcibly();
    }
  }
}
