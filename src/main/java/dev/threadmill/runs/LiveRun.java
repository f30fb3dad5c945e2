package dev.threadmill.runs;

import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A run that this node executes: the part of its tape that came into being here, those who read
 * along, and the handle by which it is stopped.
 *
 * <p>An event is first <em>told</em> or first <em>written</em>, never lost: until the run is {@link
 * #startJournaling journaled} events are told at once, from then on only when the journal has them.
 * What a finished step has stored is both.
 */
final class LiveRun {
  /** Why a run is stopped from outside. */
  enum Stop {
    CANCEL,
    EXPIRE,
    /** Another node has the run: nothing more may be written. */
    LOST,
    /** This node shuts down and gives the run back. */
    HAND_OVER
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Journal journal;
  private final Set<Runnable> readers = new LinkedHashSet<>();
  private final List<Frame> frames = new ArrayList<>();
  private final Run run;
  private final List<Message> thread;
  private final EventId base;
  private EventId end;
  private int told;
  private int written;
  private int stored;
  private boolean journaled;
  private boolean over;
  private Stop stop;
  private Thread interruptible;
  private volatile Step openStep;

  /**
   * @param run as it was claimed
   * @param base the place on the tape where this node takes over
   * @param thread all messages of its thread as it begins, if they are at hand; else null
   */
  LiveRun(Run run, EventId base, Journal journal, List<Message> thread) {
    this.run = run;
    this.thread = thread;
    this.base = base;
    this.end = base;
    this.journal = journal;
  }

  Run run() {
    return run;
  }

  EventId base() {
    return base;
  }

  /** All messages of the thread as the run begins, if they are at hand; else null. */
  List<Message> thread() {
    return thread;
  }

  /** The step that is stored without all its results, whose calls this node executes; or null. */
  Step openStep() {
    return openStep;
  }

  void setOpenStep(Step step) {
    openStep = step;
  }

  /** Something happened that is not stored yet. */
  void happened(Told news) {
    boolean journalIt;
    lock.lock();
    try {
      add(news);
      journalIt = journaled;
      if (!journalIt) {
        told = frames.size();
      }
    } finally {
      lock.unlock();
    }
    if (journalIt) {
      journal.hasNewsOf(this);
    } else {
      wakeReaders();
    }
  }

  /** The events since the last stored step, which the next transaction has to put on the tape. */
  List<TapeEvent> unstored() {
    lock.lock();
    try {
      return frames.subList(stored, frames.size()).stream().map(Frame::event).toList();
    } finally {
      lock.unlock();
    }
  }

  /** All that happened so far is stored, and so is what comes now. */
  void stored(List<Told> news) {
    lock.lock();
    try {
      news.forEach(this::add);
      told = frames.size();
      written = told;
      stored = told;
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /** From here on events go to the journal before they are told. */
  void startJournaling() {
    lock.lock();
    try {
      if (over || journaled) {
        return;
      }
      journaled = true;
    } finally {
      lock.unlock();
    }
    journal.hasNewsOf(this);
  }

  /**
   * Frames that are neither stored nor in the journal.
   *
   * @param upTo what {@link #written} is to be called with when the journal has them
   */
  record Unwritten(List<Frame> frames, int upTo) {}

  Unwritten unwritten() {
    lock.lock();
    try {
      return new Unwritten(List.copyOf(frames.subList(written, frames.size())), frames.size());
    } finally {
      lock.unlock();
    }
  }

  /** The journal has all before this place, so it may be told. */
  void written(int upTo) {
    lock.lock();
    try {
      written = Math.max(written, upTo);
      told = Math.max(told, upTo);
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /** This node has done with the run, whether or not the run has ended. */
  void leave() {
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /** All frames that may be told so far. */
  List<Frame> told() {
    lock.lock();
    try {
      return List.copyOf(frames.subList(0, told));
    } finally {
      lock.unlock();
    }
  }

  /**
   * The frame at this index of those that may be told; null if there is none yet.
   *
   * @throws IndexOutOfBoundsException for a negative index
   */
  Frame told(int index) {
    lock.lock();
    try {
      return index < told ? frames.get(index) : null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing will be told beyond this index. */
  boolean isOver(int index) {
    lock.lock();
    try {
      return over && index >= told;
    } finally {
      lock.unlock();
    }
  }

  void addReader(Runnable wake) {
    lock.lock();
    try {
      readers.add(wake);
    } finally {
      lock.unlock();
    }
  }

  void removeReader(Runnable wake) {
    lock.lock();
    try {
      readers.remove(wake);
    } finally {
      lock.unlock();
    }
  }

  /** Stops the run as soon as it can be stopped. The first reason counts, but for a lost run. */
  void stop(Stop why) {
    lock.lock();
    try {
      if (stop == null || why == Stop.LOST) {
        stop = why;
      }
      if (interruptible != null) {
        interruptible.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Why the run is to stop, or null. */
  Stop stopReason() {
    lock.lock();
    try {
      return stop;
    } finally {
      lock.unlock();
    }
  }

  /** Work that may be interrupted at any point, which a database transaction may not. */
  interface Interruptible<T, E extends Exception> {
    T call() throws InterruptedException, E;
  }

  /**
   * Does work that {@link #stop} interrupts.
   *
   * @throws InterruptedException if the run was stopped before or meanwhile
   */
  <T, E extends Exception> T interruptibly(Interruptible<T, E> work)
      throws InterruptedException, E {
    lock.lock();
    try {
      if (stop != null) {
        throw new InterruptedException();
      }
      interruptible = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    try {
      return work.call();
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
  <T> T sheltered(Supplier<T> work) {
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
        if (exposed != null && stop != null) {
          exposed.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private void add(Told news) {
    end = end.after(news.event());
    frames.add(new Frame(end, news));
  }

  private void wakeReaders() {
    Runnable[] wakes;
    lock.lock();
    try {
      if (readers.isEmpty()) {
        return;
      }
      wakes = readers.toArray(Runnable[]::new);
    } finally {
      lock.unlock();
    }
    for (var wake : wakes) {
      wake.run();
    }
  }
}
