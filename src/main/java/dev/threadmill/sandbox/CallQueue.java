package dev.threadmill.sandbox;

import dev.threadmill.api.ProjectId;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Limits how many calls this node executes at a time. The next slot goes to the project that has
 * the fewest calls running, and within a project to the call that has waited longest.
 */
final class CallQueue {
  private final int maxRunning;
  private final int maxWaiting;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<ProjectId, Line> lines = new HashMap<>();
  private int running;
  private long order;

  private static final class Line {
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
    private int running;
  }

  private record Waiter(CountDownLatch granted, long order) {}

  /**
   * @param maxWaiting of one project
   */
  CallQueue(int maxRunning, int maxWaiting) {
    this.maxRunning = maxRunning;
    this.maxWaiting = maxWaiting;
  }

  /**
   * Waits for a slot. {@link #release} returns it.
   *
   * @throws SandboxException if too many calls of the project wait already
   */
  void acquire(ProjectId project) throws SandboxException, InterruptedException {
    Waiter waiter;
    lock.lock();
    try {
      var line = lines.computeIfAbsent(project, _ -> new Line());
      if (running < maxRunning) {
        running++;
        line.running++;
        return;
      }
      if (line.waiting.size() >= maxWaiting) {
        throw new SandboxException(
            SandboxException.Kind.BUSY,
            "Too many calls of this project wait to run code. Try again later.");
      }
      waiter = new Waiter(new CountDownLatch(1), order++);
      line.waiting.add(waiter);
    } finally {
      lock.unlock();
    }
    try {
      waiter.granted.await();
    } catch (InterruptedException e) {
      if (!leave(project, waiter)) {
        release(project);
      }
      throw e;
    }
  }

  /** Whether the caller still waited. */
  private boolean leave(ProjectId project, Waiter waiter) {
    lock.lock();
    try {
      var line = lines.get(project);
      return line != null && line.waiting.remove(waiter);
    } finally {
      lock.unlock();
    }
  }

  /** Returns a slot. */
  void release(ProjectId project) {
    lock.lock();
    try {
      running--;
      lines.get(project).running--;
      grant();
      lines.values().removeIf(line -> line.running == 0 && line.waiting.isEmpty());
    } finally {
      lock.unlock();
    }
  }

  private void grant() {
    Line next = null;
    for (var line : lines.values()) {
      if (!line.waiting.isEmpty() && (next == null || isBefore(line, next))) {
        next = line;
      }
    }
    if (next != null) {
      running++;
      next.running++;
      next.waiting.poll().granted.countDown();
    }
  }

  private static boolean isBefore(Line one, Line other) {
    return one.running != other.running
        ? one.running < other.running
        : one.waiting.peek().order < other.waiting.peek().order;
  }
}
