package dev.threadmill.runs.execution;

import dev.threadmill.db.DatabaseException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Work that can be stopped from outside, wherever it may be interrupted. */
public class CancellationToken {
  /** Why a run is stopped from outside. */
  public enum StopReason {
    CANCEL,
    EXPIRE,
    /** Another node has the run: nothing more may be written. */
    LOST,
    /** This node shuts down and gives the run back. */
    HAND_OVER
  }

  private final ReentrantLock lock = new ReentrantLock();
  private StopReason stopReason;
  private Thread interruptible;

  /** Stops the run as soon as it can be stopped. The first reason counts, but for a lost run. */
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

  /** Why the run is to stop, or null. */
  public StopReason stopReason() {
    lock.lock();
    try {
      return stopReason;
    } finally {
      lock.unlock();
    }
  }

  /** Work that may be interrupted at any point, which a database transaction may not. */
  public interface InterruptibleTask<T, E extends Exception> {
    T call() throws InterruptedException, E;
  }

  /**
   * Does work that {@link #stopReason} interrupts.
   *
   * @throws InterruptedException if the run was stopped before or meanwhile
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
      // Whoever is interrupted while he waits for a connection is told that there is none.
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

  /** Does work that must not be interrupted, such as a transaction, even within what may be. */
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
