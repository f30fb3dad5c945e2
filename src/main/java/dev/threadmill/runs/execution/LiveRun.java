package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
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
public final class LiveRun extends CancellationToken {
  /** Frames that are kept although every reader has them: somebody may be about to join. */
  public static final int MIN_RETAINED = 128;

  /** Frames that are kept for a reader who lags behind. */
  public static final int MAX_RETAINED = 2_048;

  /** Frames that may wait for the journal. */
  static final int MAX_UNJOURNALED = 10_000;

  /** Frames that make one row of the journal at the most. */
  private static final int MAX_JOURNAL_BATCH = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Journal journal;
  private final Condition journalProgress = lock.newCondition();
  private final Map<Runnable, IntSupplier> readers = new LinkedHashMap<>();
  private final List<SseFrame> frames = new ArrayList<>();
  private final List<RunEvent> evictedUncommitted = new ArrayList<>();
  private final Run run;
  private final List<Message> initialMessages;
  private EventId evictedUpTo;
  private EventId lastId;
  private int evicted;
  private int publishedUpTo;
  private int journaledUpTo;
  private int committedUpTo;
  private int commitCount;
  private boolean journaling;
  private volatile boolean batching;
  private boolean journalFailing;
  private boolean closed;
  private volatile Step openStep;

  /**
   * @param run as it was claimed
   * @param base the place on the tape where this node takes over
   * @param thread all messages of its thread as it begins, if they are at hand; else null
   */
  public LiveRun(Run run, EventId base, Journal journal, List<Message> thread) {
    this.run = run;
    this.initialMessages = thread;
    this.evictedUpTo = base;
    this.lastId = base;
    this.journal = journal;
  }

  /** The run as it was claimed. */
  public Run run() {
    return run;
  }

  /** All messages of the thread as the run begins, if they are at hand; else null. */
  public List<Message> initialMessages() {
    return initialMessages;
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
  public void publish(StreamEvent news) {
    boolean journalIt;
    lock.lock();
    try {
      while (mustWaitForJournal()) {
        journal.enqueue(this);
        journalProgress.awaitUninterruptibly();
      }
      add(news);
      // So many within a moment are not waited for: what is not written cannot be dropped.
      journaling |= frames.size() >= MAX_RETAINED && !closed;
      journalIt = journaling;
      if (!journalIt) {
        publishedUpTo = end();
      }
    } finally {
      lock.unlock();
    }
    if (!batching) {
      notifyOfNews(journalIt);
    }
  }

  /** Has events happen of which readers hear when the last of them is there. */
  void publishTogether(Runnable happening) {
    batching = true;
    try {
      happening.run();
    } finally {
      batching = false;
      notifyOfNews(isJournaling());
    }
  }

  private void notifyOfNews(boolean journalIt) {
    if (journalIt) {
      journal.enqueue(this);
    } else {
      wakeReaders();
    }
  }

  private boolean isJournaling() {
    lock.lock();
    try {
      return journaling;
    } finally {
      lock.unlock();
    }
  }

  /** The events since the last stored step, which the next transaction has to put on the tape. */
  public List<RunEvent> uncommitted() {
    lock.lock();
    try {
      var events = new ArrayList<>(evictedUncommitted);
      retained(Math.max(committedUpTo, evicted), end())
          .forEach(frame -> events.add(frame.runEvent()));
      return events;
    } finally {
      lock.unlock();
    }
  }

  /** How often this attempt has stored what it did; its own thread counts. */
  public int commitCount() {
    return commitCount;
  }

  /** One more transaction is committed that has stored what the attempt did. */
  public void countCommit() {
    commitCount++;
  }

  /** All that happened so far is stored, and so is what comes now. */
  public void publishCommitted(List<StreamEvent> news) {
    lock.lock();
    try {
      news.forEach(this::add);
      publishedUpTo = end();
      journaledUpTo = publishedUpTo;
      committedUpTo = publishedUpTo;
      evictedUncommitted.clear();
      evict();
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
    wakeReaders();
  }

  /** From here on events go to the journal before they are told. */
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
    journal.enqueue(this);
  }

  /**
   * Frames that the journal does not have; {@link #journaledUpTo} is told of {@code upTo} when it
   * has.
   */
  record Unjournaled(List<SseFrame> frames, int upTo) {}

  /** The frames that the journal is to write next; there may be more behind them. */
  Unjournaled unjournaled() {
    lock.lock();
    try {
      int upTo = Math.min(end(), journaledUpTo + MAX_JOURNAL_BATCH);
      return new Unjournaled(List.copyOf(retained(journaledUpTo, upTo)), upTo);
    } finally {
      lock.unlock();
    }
  }

  /** The journal has all before this place, so it may be told. Whether more waits to be written. */
  boolean journaled(int upTo) {
    boolean isMore;
    lock.lock();
    try {
      journaledUpTo = Math.max(journaledUpTo, upTo);
      publishedUpTo = Math.max(publishedUpTo, upTo);
      journalFailing = false;
      isMore = journaledUpTo < end();
      evict();
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
    wakeReaders();
    return isMore;
  }

  /** The journal failed on what it was given, and may do so again: the run does not wait for it. */
  void journalFailed() {
    lock.lock();
    try {
      journalFailing = true;
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the run is stored or journaled up to this place. */
  boolean isJournaledUpTo(int upTo) {
    lock.lock();
    try {
      return journaledUpTo >= upTo;
    } finally {
      lock.unlock();
    }
  }

  /** This node has done with the run, whether or not the run has ended. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      journalProgress.signalAll();
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
  public record Published(List<SseFrame> frames, int next) {}

  /** The rest for a reader who has come this far; null if some of it is not kept any more. */
  public Published publishedAfter(EventId seen) {
    lock.lock();
    try {
      return seen.isBefore(evictedUpTo)
          ? null
          : new Published(List.copyOf(retained(evicted, publishedUpTo)), publishedUpTo);
    } finally {
      lock.unlock();
    }
  }

  /** The frame at this index, if it may be told; null if it is not there, or not any more. */
  public SseFrame publishedAt(int index) {
    lock.lock();
    try {
      return index >= evicted && index < publishedUpTo ? frames.get(index - evicted) : null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a reader at this index has nothing more to wait for here. */
  public boolean isExhausted(int index) {
    lock.lock();
    try {
      return index < evicted || (closed && index >= publishedUpTo);
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
  public void stop(StopReason why) {
    super.stop(why);
    lock.lock();
    try {
      journalProgress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the journal is so far behind that the run has to wait for it. */
  private boolean mustWaitForJournal() {
    return journaling
        && end() - journaledUpTo >= MAX_UNJOURNALED
        && !journalFailing
        && !closed
        && stopReason() == null;
  }

  private int end() {
    return evicted + frames.size();
  }

  private List<SseFrame> retained(int from, int to) {
    return frames.subList(from - evicted, to - evicted);
  }

  /** Drops what is written and no reader close behind needs, many at a time. */
  private void evict() {
    int from = Math.min(journaledUpTo, publishedUpTo - MIN_RETAINED);
    if (from - evicted < MIN_RETAINED) {
      return;
    }
    for (var index : readers.values()) {
      from = Math.min(from, index.getAsInt());
    }
    from = Math.min(Math.max(from, publishedUpTo - MAX_RETAINED), journaledUpTo);
    if (from - evicted < MIN_RETAINED) {
      return;
    }
    for (var frame : retained(Math.max(evicted, committedUpTo), Math.max(from, committedUpTo))) {
      EventLog.append(evictedUncommitted, frame.runEvent());
    }
    evictedUpTo = frames.get(from - evicted - 1).id();
    retained(evicted, from).clear();
    evicted = from;
  }

  private void add(StreamEvent news) {
    lastId = lastId.after(news.event());
    frames.add(new SseFrame(lastId, news));
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
