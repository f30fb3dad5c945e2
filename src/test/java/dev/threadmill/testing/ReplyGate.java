package dev.threadmill.testing;

import java.util.ArrayDeque;
import java.util.Queue;

/** Holds an answer of {@link FakeProvider} back until the test releases it. */
public final class ReplyGate {
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private long permits;

  /** Releases one step, now or when it arrives. */
  public void release() {
    release(1);
  }

  /** Releases this many steps. */
  public void release(int steps) {
    for (int i = 0; i < steps; i++) {
      Runnable next;
      synchronized (this) {
        next = waiting.poll();
        if (next == null) {
          permits++;
        }
      }
      if (next != null) {
        next.run();
      }
    }
  }

  /** Releases all further steps. */
  public void open() {
    Queue<Runnable> all;
    synchronized (this) {
      permits = Long.MAX_VALUE / 2;
      all = new ArrayDeque<>(waiting);
      waiting.clear();
    }
    all.forEach(Runnable::run);
  }

  /** The number of answers that are waiting. */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** Runs the rest at once if there is a permit, otherwise when there is one. */
  void pass(Runnable rest) {
    synchronized (this) {
      if (permits == 0) {
        waiting.add(rest);
        return;
      }
      permits--;
    }
    rest.run();
  }
}
