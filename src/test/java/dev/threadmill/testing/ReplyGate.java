package dev.threadmill.testing;

import java.util.ArrayDeque;
import java.util.Queue;

/** Holds an answer of {@link FakeProvider} back until the test lets it go on. */
public final class ReplyGate {
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private long permits;

  /** Lets one step through, now or when it comes. */
  public void release() {
    release(1);
  }

  /** Lets this many steps through. */
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

  /** Lets everything through from now on. */
  public void open() {
    Queue<Runnable> all;
    synchronized (this) {
      permits = Long.MAX_VALUE / 2;
      all = new ArrayDeque<>(waiting);
      waiting.clear();
    }
    all.forEach(Runnable::run);
  }

  /** How many answers stand before the gate. */
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
