package dev.threadmill.api;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Executes tasks on few threads, one task of each owner in turn: many tasks of one owner delay a
 * task of another by those that are being executed only.
 */
public final class FairExecutor {
  private final ExecutorService threads;
  private final int maxRunningOfOwner;
  private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();
  private final Map<String, Integer> running = new HashMap<>();

  /** A task and its owner. */
  private record Turn(String owner, Runnable task) {}

  /**
   * @param threads execute the tasks; each submitted task takes one turn
   */
  public FairExecutor(ExecutorService threads) {
    this(threads, Integer.MAX_VALUE);
  }

  /**
   * @param threads execute the tasks; each submitted task takes one turn
   * @param maxRunningOfOwner how many tasks of one owner are executed at the same time
   */
  public FairExecutor(ExecutorService threads, int maxRunningOfOwner) {
    this.threads = threads;
    this.maxRunningOfOwner = maxRunningOfOwner;
  }

  /** Takes the tasks of this owner. */
  public Executor of(String owner) {
    return task -> submit(new Turn(owner, task));
  }

  /** How many tasks of this owner have not started. */
  public int waiting(String owner) {
    synchronized (waiting) {
      var tasks = waiting.get(owner);
      return tasks == null ? 0 : tasks.size();
    }
  }

  /**
   * Interrupts what is executed; further tasks are rejected.
   *
   * @return the tasks that have not started, and never will
   */
  public List<Runnable> close() {
    threads.shutdownNow();
    var left = new ArrayList<Runnable>();
    synchronized (waiting) {
      waiting.values().forEach(left::addAll);
      waiting.clear();
    }
    return left;
  }

  /** Waits until nothing is executed any more; whether that is so within the time. */
  public boolean awaitEnd(Duration limit) throws InterruptedException {
    return threads.awaitTermination(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void submit(Turn turn) {
    synchronized (waiting) {
      waiting.computeIfAbsent(turn.owner(), _ -> new ArrayDeque<>()).add(turn.task());
    }
    try {
      threads.execute(this::runNext);
    } catch (RejectedExecutionException e) {
      remove(turn);
      throw e;
    }
  }

  private void remove(Turn turn) {
    synchronized (waiting) {
      var tasks = waiting.get(turn.owner());
      if (tasks != null && tasks.remove(turn.task()) && tasks.isEmpty()) {
        waiting.remove(turn.owner());
      }
    }
  }

  private void runNext() {
    var turn = next();
    if (turn == null) {
      // The owners that wait have as many tasks running as they may; the end of one continues.
      return;
    }
    try {
      turn.task().run();
    } finally {
      end(turn);
    }
  }

  /** The first task of the owner that waits longest, which becomes the last in the order. */
  private Turn next() {
    synchronized (waiting) {
      for (var owner : waiting.keySet()) {
        if (running.getOrDefault(owner, 0) < maxRunningOfOwner) {
          var tasks = waiting.remove(owner);
          var task = tasks.remove();
          if (!tasks.isEmpty()) {
            waiting.put(owner, tasks);
          }
          running.merge(owner, 1, Integer::sum);
          return new Turn(owner, task);
        }
      }
      return null;
    }
  }

  private void end(Turn turn) {
    boolean isHeld;
    synchronized (waiting) {
      running.computeIfPresent(turn.owner(), (_, count) -> count == 1 ? null : count - 1);
      isHeld = maxRunningOfOwner < Integer.MAX_VALUE && waiting.containsKey(turn.owner());
    }
    if (isHeld) {
      try {
        threads.execute(this::runNext);
      } catch (RejectedExecutionException _) {
        // The executor is closed, and so are the tasks that wait.
      }
    }
  }
}
