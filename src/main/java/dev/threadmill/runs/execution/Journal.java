package dev.threadmill.runs.execution;

import dev.threadmill.api.Json;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.store.JournalFormat;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Writes what runs stream to the database, so that a reader can go on reading after the node has
 * died. One writer serves all runs of the node: what has piled up while a transaction was under way
 * goes out in the next one, so many streams cost few commits.
 */
@ApplicationScoped
public class Journal {
  private static final Logger LOG = Logger.getLogger(Journal.class);
  private static final long RETRY_MS = 200;

  private final Jdbc jdbc;
  private final LinkedBlockingQueue<LiveRun> queue = new LinkedBlockingQueue<>();
  private final Set<LiveRun> queued = new LinkedHashSet<>();
  private volatile Thread writer;
  private volatile boolean closed;

  public Journal(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  void onStart(@Observes @Priority(1) StartupEvent start) {
    writer = Thread.ofVirtual().name("journal").start(this::writeLoop);
  }

  /** There is something of this run to write. A run is queued at most once. */
  void enqueue(LiveRun run) {
    synchronized (queued) {
      if (!queued.add(run)) {
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
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.error("journal failed, what it held is told only when its step is stored", e);
      }
    }
  }

  /** Writes what there is at this moment. */
  public void flush() {
    writeBatch(batch(List.of()));
  }

  private List<LiveRun> batch(List<LiveRun> first) {
    var batch = new ArrayList<>(first);
    queue.drainTo(batch);
    synchronized (queued) {
      batch.forEach(queued::remove);
    }
    return batch;
  }

  private record Entry(LiveRun run, List<SseFrame> frames, int upTo) {
    long position() {
      var first = frames.getFirst();
      return first.id().position() - first.runEvent().length();
    }
  }

  /** False if the database is out of reach and the same should be tried again. */
  private boolean writeBatch(List<LiveRun> batch) {
    var pieces = new ArrayList<Entry>();
    for (var run : batch) {
      var unwritten = run.unjournaled();
      if (!unwritten.frames().isEmpty()) {
        pieces.add(new Entry(run, unwritten.frames(), unwritten.upTo()));
      }
    }
    if (pieces.isEmpty()) {
      return true;
    }
    try {
      var accepted = new HashSet<>(insert(pieces));
      for (var piece : pieces) {
        if (!accepted.contains(piece.run().run().id().value())) {
          rejected(piece);
        } else if (piece.run().journaled(piece.upTo())) {
          enqueue(piece.run());
        }
      }
      return true;
    } catch (DatabaseException e) {
      if (!e.isOutage()) {
        batch.forEach(LiveRun::journalFailed);
        throw e;
      }
      LOG.debugf("journal waits for the database cause=%s", e.getMessage());
      return false;
    }
  }

  /** The run has ended or paused in the meantime, which stores it, or it is another node's. */
  private static void rejected(Entry piece) {
    if (!piece.run().isJournaledUpTo(piece.upTo())) {
      piece.run().stop(LiveRun.StopReason.LOST);
    }
  }

  /**
   * Writes the pieces of runs that are still ours. The row of a run is locked against a take-over
   * until the commit, so nothing is told that the successor does not know. A piece may be there
   * already, if the connection broke in the commit: what is written now begins at the same place.
   */
  private List<String> insert(List<Entry> pieces) {
    return jdbc.inTransaction(
        tx ->
            tx.list(
                """
                WITH news AS (
                  SELECT * FROM unnest(?::text[], ?::text[], ?::text[]::bigint[],
                                       ?::text[]::integer[], ?::text[])
                    AS n (thread_id, run_id, position, attempt, events)),
                ours AS (
                  SELECT n.*
                  FROM runs r JOIN news n ON r.thread_id = n.thread_id AND r.id = n.run_id
                  WHERE r.attempt = n.attempt AND r.status IN ('in_progress', 'cancelling')
                    AND r.owner IS NOT NULL
                  FOR SHARE OF r)
                INSERT INTO run_journal (thread_id, run_id, position, attempt, events)
                SELECT thread_id, run_id, position, attempt, events FROM ours
                ON CONFLICT (thread_id, run_id, position)
                  DO UPDATE SET attempt = excluded.attempt, events = excluded.events
                RETURNING run_id
                """,
                row -> row.text("run_id"),
                pieces.stream().map(p -> p.run().run().threadId()).toList(),
                pieces.stream().map(p -> p.run().run().id()).toList(),
                pieces.stream().map(Entry::position).toList(),
                pieces.stream().map(p -> p.run().run().attempt()).toList(),
                pieces.stream().map(p -> Json.write(texts(p.frames()))).toList()));
  }

  /** Each event as its code, and with it the text that stands nowhere else yet. */
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
