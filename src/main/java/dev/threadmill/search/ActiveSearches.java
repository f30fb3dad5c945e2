package dev.threadmill.search;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The searches that run at present. Work in the background makes way for them. */
final class ActiveSearches {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private int active;

  /** A search; closed when it ends. */
  final class Search implements AutoCloseable {
    private Search() {}

    @Override
    public void close() {
      lock.lock();
      try {
        active--;
        if (active == 0) {
          none.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  Search begin() {
    lock.lock();
    try {
      active++;
      return new Search();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Work of some length that is done in pieces. It waits for searches between its pieces, {@code
   * longest} in all, so that it also ends under constant load.
   */
  final class Yielding {
    private long left;

    private Yielding(Duration longest) {
      left = longest.toNanos();
    }

    /** To be called between two pieces. Returns at once if the thread is interrupted. */
    void makeWay() {
      lock.lock();
      try {
        while (active > 0 && left > 0) {
          left = none.awaitNanos(left);
        }
      } catch (InterruptedException e) {
        left = 0;
        Thread.currentThread().interrupt();
      } finally {
        lock.unlock();
      }
    }
  }

  Yielding yielding(Duration longest) {
    return new Yielding(longest);
  }
}
