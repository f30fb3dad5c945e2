package dev.threadmill.api;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;

/**
 * Executes tasks on few threads, one task of each owner in turn: many tasks of one owner delay a
 * task of another by those that are being executed only.
 */
public final class FairExecutor {
  private final ExecutorService threads;
  private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();

  /**
   * @param threads execute the tasks; each submitted task takes one turn
   */
  public FairExecutor(ExecutorService threads) {
    this.threads = threads;
  }

  /** Takes the tasks of this owner. */
  public Executor of(String owner) {
    return task -> {
      synchronized (waiting) {
        waiting.computeIfAbsent(owner, _ -> new ArrayDeque<>()).add(task);
      }
      threads.execute(this::runNext);
    };
  }

  private void runNext() {
    next().run();
  }

  /** The first task of the owner that waits longest, which becomes the last in the order. */
  private Runnable next() {
    synchronized (waiting) {
      var owner = waiting.keySet().iterator().next();
      var tasks = waiting.remove(owner);
      var task = tasks.remove();
      if (!tasks.isEmpty()) {
        waiting.put(owner, tasks);
      }
      return task;
    }
  }

  /** Interrupts what is executed; further tasks are rejected. */
  public void close() {
    threads.shutdownNow();
  }
}
