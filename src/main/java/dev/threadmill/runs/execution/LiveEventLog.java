package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.RunEvent;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * The event log of a run while this node executes it: the events that were published here, and the
 * readers that follow.
 *
 * <p>Three offsets divide the events. Those before {@code committedUpTo} are in the run's row,
 * those before {@code journaledUpTo} are at least in the journal, and readers may have those before
 * {@code publishedUpTo}. An event is published at once and {@link #startJournaling journaled}
 * afterwards, unless it has to be {@link #publishAfterJournal journaled first}. What a step commits
 * is all three.
 *
 * <p>Journaled events need not stay in memory, because readers find them in the database. So the
 * log keeps only what readers close behind need, and a run that is faster than the journal waits
 * for it.
 */
public final class LiveEventLog {
  /** How many events stay in memory for readers that are about to join. */
  public static final int MIN_RETAINED = 128;

  /** How many events stay in memory for readers that lag behind. */
  public static final int MAX_RETAINED = 2_048;

  /** How many UTF-16 units of text stay in memory for readers. */
  static final long MAX_RETAINED_LENGTH = 1_000_000;

  /** How many events may wait for the journal. */
  static final int MAX_UNJOURNALED = 10_000;

  /** How many UTF-16 units of text may wait for the journal. */
  static final long MAX_UNJOURNALED_LENGTH = 4_000_000;

  /** How many events go to one row of the journal, unless a single one is longer. */
  private static final int MAX_JOURNAL_BATCH = 1_000;

  private static final long MAX_JOURNAL_BATCH_LENGTH = 500_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition journalProgress = lock.newCondition();
  private final EventReaders readers = new EventReaders();
  private final EventReaders databaseReaders = new EventReaders();
  private final EventWindow window;
  private final Runnable journalWork;
  private final BooleanSupplier isStopped;
  private int publishedUpTo;
  private int journaledUpTo;
  private int committedUpTo;
  private int journalFirstUpTo;
  private boolean journaling;
  private boolean journalFailing;
  private boolean closed;
  private volatile boolean batching;

  /**
   * @param base the position at which this node takes over the run
   * @param exactReplay whether a replay repeats each event as it was published. Then deltas of a
   *     text stay as they are, and all events are journaled before they are published, as their
   *     readers count events and know nothing of attempts
   * @param journalWork called when there is something to journal
   * @param isStopped whether the run is being stopped, and does not wait for the journal
   */
  LiveEventLog(EventId base, boolean exactReplay, Runnable journalWork, BooleanSupplier isStopped) {
    this.window = new EventWindow(base, !exactReplay);
    this.journalFirstUpTo = exactReplay ? Integer.MAX_VALUE : 0;
    this.journalWork = journalWork;
    this.isStopped = isStopped;
  }

  /** Publishes an event that is not committed yet. */
  public void publish(StreamEvent event) {
    publish(event, false);
  }

  /** Publishes an event that is not committed yet once the journal has it. */
  public void publishAfterJournal(StreamEvent event) {
    publish(event, true);
  }

  private void publish(StreamEvent event, boolean journalFirst) {
    lock.lock();
    try {
      while (mustWaitForJournal()) {
        journalWork.run();
        journalProgress.awaitUninterruptibly();
      }
      window.add(event);
      if (journalFirst) {
        journaling |= !closed;
        journalFirstUpTo = Math.max(journalFirstUpTo, window.end());
      }
      // Too many to keep until the step is committed: what is not journaled cannot be evicted.
      journaling |= !closed && window.isFull();
      advancePublished();
    } finally {
      lock.unlock();
    }
    if (!batching) {
      notifyOfPublished();
    }
  }

  /** Publishes what need not wait for the journal. */
  private void advancePublished() {
    boolean waits = journaling && journaledUpTo < journalFirstUpTo;
    publishedUpTo = Math.max(publishedUpTo, waits ? journaledUpTo : window.end());
  }

  /** Publishes events whose readers are notified once, behind the last of them. */
  void publishTogether(Runnable publishing) {
    batching = true;
    try {
      publishing.run();
    } finally {
      batching = false;
      notifyOfPublished();
    }
  }

  private void notifyOfPublished() {
    boolean isJournaling;
    boolean arePublished;
    lock.lock();
    try {
      isJournaling = journaling;
      arePublished = publishedUpTo == window.end();
    } finally {
      lock.unlock();
    }
    if (arePublished) {
      readers.wakeAll();
    }
    if (isJournaling) {
      journalWork.run();
    }
  }

  /** The events since the last commit, which the next one has to append to the run's log. */
  public List<RunEvent> uncommitted() {
    lock.lock();
    try {
      return window.uncommitted(committedUpTo);
    } finally {
      lock.unlock();
    }
  }

  /** All events so far are committed, and these, which are published with them. */
  public void publishCommitted(List<StreamEvent> events) {
    lock.lock();
    try {
      events.forEach(window::add);
      publishedUpTo = window.end();
      journaledUpTo = publishedUpTo;
      committedUpTo = publishedUpTo;
      window.committed();
      window.evict(publishedUpTo, journaledUpTo, committedUpTo, readers);
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
    readers.wakeAll();
    databaseReaders.wakeAll();
  }

  /** From now on events are journaled, soon after they are published or before. */
  public void startJournaling() {
    lock.lock();
    try {
      if (closed || journaling) {
        return;
      }
      journaling = true;
    } finally {
      lock.unlock();
    }
    journalWork.run();
  }

  /**
   * Events that the journal does not have yet.
   *
   * @param upTo what {@link #journaled} is called with when it has them
   */
  record Unjournaled(List<SseFrame> frames, int upTo) {}

  /** The events for the next row of the journal; there may be more behind them. */
  Unjournaled unjournaled() {
    lock.lock();
    try {
      int upTo = Math.min(window.end(), journaledUpTo + MAX_JOURNAL_BATCH);
      while (upTo > journaledUpTo + 1
          && window.length(journaledUpTo, upTo) > MAX_JOURNAL_BATCH_LENGTH) {
        upTo = journaledUpTo + (upTo - journaledUpTo) / 2;
      }
      return new Unjournaled(window.copy(journaledUpTo, upTo), upTo);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The journal has the events before this one.
   *
   * @return whether more events wait for the journal
   */
  boolean journaled(int upTo) {
    boolean isMore;
    boolean arePublished;
    lock.lock();
    try {
      int before = publishedUpTo;
      journaledUpTo = Math.max(journaledUpTo, upTo);
      advancePublished();
      arePublished = publishedUpTo > before;
      journalFailing = false;
      isMore = journaledUpTo < window.end();
      window.evict(publishedUpTo, journaledUpTo, committedUpTo, readers);
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
    if (arePublished) {
      readers.wakeAll();
    }
    databaseReaders.wakeAll();
    return isMore;
  }

  /** The journal failed to write these events, and may again: the run does not wait for it. */
  void journalFailed() {
    lock.lock();
    try {
      journalFailing = true;
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the events before this one are journaled or committed. */
  boolean isJournaledUpTo(int number) {
    lock.lock();
    try {
      return journaledUpTo >= number;
    } finally {
      lock.unlock();
    }
  }

  /** This node publishes no more events, whether or not the run has ended. */
  void close() {
    lock.lock();
    try {
      closed = true;
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
    readers.wakeAll();
    databaseReaders.wakeAll();
  }

  /** Has a run that waits for the journal check again whether it was stopped. */
  void stopWaiting() {
    lock.lock();
    try {
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Published events for a reader that joins.
   *
   * @param frames may start before the position of the reader
   * @param next the number of the event behind them
   */
  public record Published(List<SseFrame> frames, int next) {}

  /** The published events for a reader at this position; null if some of them were evicted. */
  public Published publishedAfter(EventId position) {
    lock.lock();
    try {
      return window.reachesBackTo(position)
          ? new Published(window.copy(window.start(), publishedUpTo), publishedUpTo)
          : null;
    } finally {
      lock.unlock();
    }
  }

  /** The event of this number; null if it is not published yet, or was evicted. */
  public SseFrame publishedAt(int number) {
    lock.lock();
    try {
      return number >= window.start() && number < publishedUpTo ? window.at(number) : null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether this log has nothing more for a reader whose next event is this one. */
  public boolean isExhausted(int number) {
    lock.lock();
    try {
      return number < window.start() || (closed && number >= publishedUpTo);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds a reader.
   *
   * @param wake called when there is more, on any thread
   * @param next the number of the reader's next event; called on any thread
   */
  public void addReader(Runnable wake, IntSupplier next) {
    readers.add(wake, next);
  }

  /**
   * Adds a reader that reads the database, on this node or another.
   *
   * @param wake called when the database has more, on any thread
   */
  public void addDatabaseReader(Runnable wake) {
    databaseReaders.add(wake, () -> Integer.MAX_VALUE);
    startJournaling();
  }

  /** Removes a reader of the database. */
  public void removeDatabaseReader(Runnable wake) {
    databaseReaders.remove(wake);
  }

  /** Removes a reader. */
  public void removeReader(Runnable wake) {
    readers.remove(wake);
  }

  /** Whether the journal is so far behind that the run waits for it. */
  private boolean mustWaitForJournal() {
    return journaling
        && (window.end() - journaledUpTo >= MAX_UNJOURNALED
            || window.length(journaledUpTo, window.end()) >= MAX_UNJOURNALED_LENGTH)
        && !journalFailing
        && !closed
        && !isStopped.getAsBoolean();
  }
}
