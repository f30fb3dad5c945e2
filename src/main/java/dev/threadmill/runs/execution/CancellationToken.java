package dev.threadmill.runs.execution;

import dev.threadmill.db.DatabaseException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Stops a run from outside, wherever its work may be interrupted. */
public class CancellationToken {
  /** Why a run is stopped. */
  public enum StopReason {
    CANCEL,
    EXPIRE,
    /** A budget of time is used up. */
    TIME_USED,
    /** Another node owns the run: nothing more may be written. */
    LOST,
    /** This node shuts down and releases the run. */
    HAND_OVER
  }

  private final ReentrantLock lock = new ReentrantLock();
  private StopReason stopReason;
  private Thread interruptible;

  /** Stops the run at its next interruptible point. The first reason counts, but for LOST. */
  void stop(StopReason why) {
    lock.lock();
    try {
      if (stopReason == null || why == StopReason.LOST) {
        stopReason = why;
      }
      if (interruptible != null) {
        interruptible.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Why the run is to stop; null if it is not. */
  public StopReason stopReason() {
    lock.lock();
    try {
      return stopReason;
    } finally {
      lock.unlock();
    }
  }

  /** Work that may be interrupted at any point, unlike a database transaction. */
  public interface InterruptibleTask<T, E extends Exception> {
    T call() throws InterruptedException, E;
  }

  /**
   * Does work that {@link #stop} interrupts.
   *
   * @throws InterruptedException if the run is stopped before or during the work
   */
  public <T, E extends Exception> T interruptibly(InterruptibleTask<T, E> work)
      throws InterruptedException, E {
    lock.lock();
    try {
      if (stopReason != null) {
        throw new InterruptedException();
      }
      interruptible = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    try {
      return work.call();
    } catch (DatabaseException e) {
      if (stopReason() == null) {
        throw e;
      }
      // A wait for a connection that is interrupted fails as if there were none.
      var interrupted = new InterruptedException();
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      lock.lock();
      try {
        interruptible = null;
        Thread.interrupted();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Does work that must not be interrupted, such as a transaction, within interruptible work. */
  public <T> T uninterruptibly(Supplier<T> work) {
    Thread exposed;
    lock.lock();
    try {
      exposed = interruptible;
      interruptible = null;
      Thread.interrupted();
    } finally {
      lock.unlock();
    }
    try {
      return work.get();
    } finally {
      lock.lock();
      try {
        interruptible = exposed;
        if (exposed != null && stopReason != null) {
          exposed.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
