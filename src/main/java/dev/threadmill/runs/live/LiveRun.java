package dev.threadmill.runs.live;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.Tape;
import dev.threadmill.runs.store.TapeEvent;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;

/**
 * A run that this node executes: the part of its tape that came into being here, those who read
 * along, and the handle by which it is stopped.
 *
 * <p>An event is first <em>told</em> or first <em>written</em>, never lost: until the run is {@link
 * #startJournaling journaled} events are told at once, from then on only when the journal has them.
 * What a finished step has stored is both.
 *
 * <p>What is written need not be kept: readers find it in the database. So only as much is kept as
 * readers who are close behind need, and a run that tells faster than the journal can write waits
 * for it. Frames are counted from the run's first here on, also those that are not kept any more.
 */
public final class LiveRun extends Stoppable {
  /** Frames that are kept although every reader has them: somebody may be about to join. */
  public static final int LEAST_KEPT = 128;

  /** Frames that are kept for a reader who lags behind. */
  public static final int MOST_KEPT = 2_048;

  /** Frames that may wait for the journal. */
  static final int MOST_UNWRITTEN = 10_000;

  /** Frames that make one row of the journal at the most. */
  private static final int MOST_AT_ONCE = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Journal journal;
  private final Condition room = lock.newCondition();
  private final Map<Runnable, IntSupplier> readers = new LinkedHashMap<>();
  private final List<Frame> frames = new ArrayList<>();
  private final List<TapeEvent> droppedUnstored = new ArrayList<>();
  private final Run run;
  private final List<Message> thread;
  private EventId floor;
  private EventId end;
  private int dropped;
  private int told;
  private int written;
  private int stored;
  private int timesStored;
  private boolean journaled;
  private volatile boolean gathering;
  private boolean unwritable;
  private boolean over;
  private volatile Step openStep;

  /**
   * @param run as it was claimed
   * @param base the place on the tape where this node takes over
   * @param thread all messages of its thread as it begins, if they are at hand; else null
   */
  public LiveRun(Run run, EventId base, Journal journal, List<Message> thread) {
    this.run = run;
    this.thread = thread;
    this.floor = base;
    this.end = base;
    this.journal = journal;
  }

  /** The run as it was claimed. */
  public Run run() {
    return run;
  }

  /** All messages of the thread as the run begins, if they are at hand; else null. */
  public List<Message> thread() {
    return thread;
  }

  /** The step that is stored without all its results, whose calls this node executes; or null. */
  public Step openStep() {
    return openStep;
  }

  /** Sets {@link #openStep}. */
  public void setOpenStep(Step step) {
    openStep = step;
  }

  /** Something happened that is not stored yet. */
  public void happened(Told news) {
    boolean journalIt;
    lock.lock();
    try {
      while (mayNotTellMore()) {
        journal.hasNewsOf(this);
        room.awaitUninterruptibly();
      }
      add(news);
      // So many within a moment are not waited for: what is not written cannot be dropped.
      journaled |= frames.size() >= MOST_KEPT && !over;
      journalIt = journaled;
      if (!journalIt) {
        told = count();
      }
    } finally {
      lock.unlock();
    }
    if (!gathering) {
      tellOn(journalIt);
    }
  }

  /** Has events happen of which readers hear when the last of them is there. */
  void atOnce(Runnable happening) {
    gathering = true;
    try {
      happening.run();
    } finally {
      gathering = false;
      tellOn(journaled());
    }
  }

  private void tellOn(boolean journalIt) {
    if (journalIt) {
      journal.hasNewsOf(this);
    } else {
      wakeReaders();
    }
  }

  private boolean journaled() {
    lock.lock();
    try {
      return journaled;
    } finally {
      lock.unlock();
    }
  }

  /** The events since the last stored step, which the next transaction has to put on the tape. */
  public List<TapeEvent> unstored() {
    lock.lock();
    try {
      var events = new ArrayList<>(droppedUnstored);
      kept(Math.max(stored, dropped), count()).forEach(frame -> events.add(frame.event()));
      return events;
    } finally {
      lock.unlock();
    }
  }

  /** How often this attempt has stored what it did; its own thread counts. */
  public int timesStored() {
    return timesStored;
  }

  /** One more transaction is committed that has stored what the attempt did. */
  public void countStored() {
    timesStored++;
  }

  /** All that happened so far is stored, and so is what comes now. */
  public void stored(List<Told> news) {
    lock.lock();
    try {
      news.forEach(this::add);
      told = count();
      written = told;
      stored = told;
      droppedUnstored.clear();
      drop();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /** From here on events go to the journal before they are told. */
  public void startJournaling() {
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
   * Frames that the journal does not have; {@link #written} is told of {@code upTo} when it has.
   */
  record Unwritten(List<Frame> frames, int upTo) {}

  /** The frames that the journal is to write next; there may be more behind them. */
  Unwritten unwritten() {
    lock.lock();
    try {
      int upTo = Math.min(count(), written + MOST_AT_ONCE);
      return new Unwritten(List.copyOf(kept(written, upTo)), upTo);
    } finally {
      lock.unlock();
    }
  }

  /** The journal has all before this place, so it may be told. Whether more waits to be written. */
  boolean written(int upTo) {
    boolean isMore;
    lock.lock();
    try {
      written = Math.max(written, upTo);
      told = Math.max(told, upTo);
      unwritable = false;
      isMore = written < count();
      drop();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    wakeReaders();
    return isMore;
  }

  /** The journal failed on what it was given, and may do so again: the run does not wait for it. */
  void cannotBeWritten() {
    lock.lock();
    try {
      unwritable = true;
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the run is stored or journaled up to this place. */
  boolean isWritten(int upTo) {
    lock.lock();
    try {
      return written >= upTo;
    } finally {
      lock.unlock();
    }
  }

  /** This node has done with the run, whether or not the run has ended. */
  public void leave() {
    lock.lock();
    try {
      over = true;
      room.signalAll();
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /**
   * What a reader has not seen of what may be told.
   *
   * @param frames they may begin before what the reader has seen
   * @param next the index of what comes behind them
   */
  public record Rest(List<Frame> frames, int next) {}

  /** The rest for a reader who has come this far; null if some of it is not kept any more. */
  public Rest behind(EventId seen) {
    lock.lock();
    try {
      return seen.isBefore(floor) ? null : new Rest(List.copyOf(kept(dropped, told)), told);
    } finally {
      lock.unlock();
    }
  }

  /** The frame at this index, if it may be told; null if it is not there, or not any more. */
  public Frame told(int index) {
    lock.lock();
    try {
      return index >= dropped && index < told ? frames.get(index - dropped) : null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a reader at this index has nothing more to wait for here. */
  public boolean isOver(int index) {
    lock.lock();
    try {
      return index < dropped || (over && index >= told);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Somebody reads along.
   *
   * @param wake what to do when there is more
   * @param index what the reader reads next; asked at any time, on any thread
   */
  public void addReader(Runnable wake, IntSupplier index) {
    lock.lock();
    try {
      readers.put(wake, index);
    } finally {
      lock.unlock();
    }
  }

  /** Somebody reads along no more. */
  public void removeReader(Runnable wake) {
    lock.lock();
    try {
      readers.remove(wake);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void stop(Stop why) {
    super.stop(why);
    lock.lock();
    try {
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the journal is so far behind that the run has to wait for it. */
  private boolean mayNotTellMore() {
    return journaled
        && count() - written >= MOST_UNWRITTEN
        && !unwritable
        && !over
        && stopReason() == null;
  }

  private int count() {
    return dropped + frames.size();
  }

  private List<Frame> kept(int from, int to) {
    return frames.subList(from - dropped, to - dropped);
  }

  /** Drops what is written and no reader close behind needs, many at a time. */
  private void drop() {
    int from = Math.min(written, told - LEAST_KEPT);
    if (from - dropped < LEAST_KEPT) {
      return;
    }
    for (var index : readers.values()) {
      from = Math.min(from, index.getAsInt());
    }
    from = Math.min(Math.max(from, told - MOST_KEPT), written);
    if (from - dropped < LEAST_KEPT) {
      return;
    }
    for (var frame : kept(Math.max(dropped, stored), Math.max(from, stored))) {
      Tape.append(droppedUnstored, frame.event());
    }
    floor = frames.get(from - dropped - 1).id();
    kept(dropped, from).clear();
    dropped = from;
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
      wakes = readers.keySet().toArray(Runnable[]::new);
    } finally {
      lock.unlock();
    }
    for (var wake : wakes) {
      wake.run();
    }
  }
}
