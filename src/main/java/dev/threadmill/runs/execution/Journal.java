package dev.threadmill.runs.execution;

import dev.threadmill.api.Json;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.runs.store.JournalFormat;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunKey;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Writes the events of live runs to the database before their steps are committed, so that a stream
 * can be resumed after the node has failed. One writer serves all runs of the node: events that
 * arrive during a transaction are written by the next one, so many streams need few commits.
 */
@ApplicationScoped
public class Journal {
  private static final Logger LOG = Logger.getLogger(Journal.class);
  private static final long RETRY_MS = 200;

  /** How many UTF-16 units of text one transaction writes, unless a single row has more. */
  private static final long MAX_BATCH_LENGTH = 8_000_000;

  private final RunJournal journal;
  private final LinkedBlockingQueue<LiveRun> queue = new LinkedBlockingQueue<>();
  private final Map<LiveRun, Long> queued = new LinkedHashMap<>();

  /** Since when the oldest events wait that are being written; 0 if none are. */
  private volatile long writingSince;

  private volatile Thread writer;
  private volatile boolean closed;

  public Journal(RunJournal journal) {
    this.journal = journal;
  }

  void onStart(@Observes @Priority(1) StartupEvent start) {
    writer = Thread.ofVirtual().name("journal").start(this::writeLoop);
  }

  /** Writes events of this run soon. A run is queued at most once. */
  public void enqueue(LiveRun run) {
    synchronized (queued) {
      if (queued.putIfAbsent(run, System.nanoTime()) != null) {
        return;
      }
    }
    queue.add(run);
  }

  private void writeLoop() {
    while (!closed) {
      try {
        var batch = batch(List.of(queue.take()));
        while (!closed && !batch.isEmpty() && !writeBatch(batch)) {
          TimeUnit.MILLISECONDS.sleep(RETRY_MS);
        }
        writingSince = 0;
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        writingSince = 0;
        LOG.error("journal failed, its events are published when their step is committed", e);
      }
    }
  }

  /** Writes what waits at this moment. */
  public void flush() {
    writeBatch(batch(List.of()));
    writingSince = 0;
  }

  private List<LiveRun> batch(List<LiveRun> first) {
    var batch = new ArrayList<>(first);
    queue.drainTo(batch);
    synchronized (queued) {
      long oldest = 0;
      for (var run : batch) {
        var since = queued.remove(run);
        oldest = since == null || oldest != 0 && oldest - since < 0 ? oldest : since;
      }
      writingSince = oldest;
    }
    return batch;
  }

  /** For how long the oldest events wait that are not written, in seconds. */
  public double lagSeconds() {
    long since = writingSince;
    if (since == 0) {
      synchronized (queued) {
        since = queued.isEmpty() ? 0 : queued.values().iterator().next();
      }
    }
    return since == 0 ? 0 : Math.max(0, (System.nanoTime() - since) / 1e9);
  }

  private record Entry(LiveRun run, List<SseFrame> frames, int upTo) {
    /** The position before its first event, which is the key of its row. */
    long position() {
      return frames.getFirst().startPosition();
    }

    long length() {
      return frames.getLast().id().position() - position();
    }
  }

  /** Returns false if the database cannot be reached and the batch should be retried. */
  private boolean writeBatch(List<LiveRun> batch) {
    var entries = new ArrayList<Entry>();
    long length = 0;
    for (var run : batch) {
      if (length >= MAX_BATCH_LENGTH) {
        enqueue(run);
        continue;
      }
      var unjournaled = run.events().unjournaled();
      if (!unjournaled.frames().isEmpty()) {
        entries.add(new Entry(run, unjournaled.frames(), unjournaled.upTo()));
        length += entries.getLast().length();
      }
    }
    if (entries.isEmpty()) {
      return true;
    }
    try {
      var locked = insert(entries, RunJournal.WhenLocked.SKIP);
      // Most of them are locked by the transaction that commits these events.
      locked.removeIf(entry -> entry.run().events().isJournaledUpTo(entry.upTo()));
      if (!locked.isEmpty()) {
        insert(locked, RunJournal.WhenLocked.WAIT).forEach(Journal::rejected);
      }
      return true;
    } catch (DatabaseException e) {
      if (!e.isOutage()) {
        batch.forEach(run -> run.events().journalFailed());
        throw e;
      }
      LOG.debugf("journal waits for the database cause=%s", e.getMessage());
      return false;
    }
  }

  /** The run ended or paused meanwhile, which commits its events, or another node owns it. */
  private static void rejected(Entry entry) {
    if (!entry.run().events().isJournaledUpTo(entry.upTo())) {
      entry.run().stop(LiveRun.StopReason.LOST);
    }
  }

  /**
   * Inserts the entries of runs that this node still owns. The row of a run is locked against a
   * takeover until the commit, so nothing is published that the next owner does not know. A row may
   * exist already if the connection broke in the commit: the new one starts at the same position.
   *
   * @return the entries that were not written
   */
  private List<Entry> insert(List<Entry> entries, RunJournal.WhenLocked whenLocked) {
    var written =
        new HashSet<>(
            journal.write(
                entries.stream()
                    .map(
                        entry ->
                            new RunJournal.NewEntry(
                                RunKey.of(entry.run().claimedRun()),
                                entry.position(),
                                entry.run().claimedRun().attempt(),
                                Json.write(texts(entry.frames()))))
                    .toList(),
                whenLocked));
    var others = new ArrayList<Entry>();
    for (var entry : entries) {
      if (!written.contains(entry.run().claimedRun().id().value())) {
        others.add(entry);
      } else if (entry.run().events().journaled(entry.upTo())) {
        enqueue(entry.run());
      }
    }
    return others;
  }

  /** Each event as its code, with the text that is in no row yet. */
  private static List<List<String>> texts(List<SseFrame> frames) {
    return frames.stream().map(SseFrame::runEvent).map(JournalFormat::format).toList();
  }

  void onStop(@Observes @Priority(10_000) ShutdownEvent event) {
    closed = true;
    if (writer != null) {
      writer.interrupt();
    }
  }
}
