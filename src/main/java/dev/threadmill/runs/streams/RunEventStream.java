package dev.threadmill.runs.streams;

import dev.threadmill.api.EventStream;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.SseFormat;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StoredRun;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import org.jboss.logging.Logger;

/**
 * One reader of a run. It knows how far it has come, and takes what follows from wherever it is:
 * from the live run, if this node executes it, otherwise from the database. It holds what one look
 * there has brought, and looks again only when its client has taken that.
 *
 * <p>Its methods are called on the client's event loop, except for {@link #refresh}, which runs on
 * a virtual thread of its own, one at a time, and hands over what it found under the lock.
 */
public final class RunEventStream implements EventStream {
  private static final Logger LOG = Logger.getLogger(RunEventStream.class);

  private static final Duration RETRY_DELAY = Duration.ofMillis(500);

  private final LocalRuns liveRuns;
  private final RunSubscriptions watches;
  private final LoadRun loadRun;
  private final ProjectId project;
  private final ThreadId thread;
  private final RunId run;
  private final boolean untilPause;
  private final EventId startPosition;
  private final Encoder encoder;

  private final Queue<SseFrame> backlog = new ArrayDeque<>();
  private final Runnable onChange = this::changed;
  private final HandoffSubscriptions handoffs;
  private Runnable wake;
  private EventId position;
  private Step lastStep;
  private LiveRun live;
  private volatile int liveIndex;
  private boolean loading;
  private boolean atEnd;
  private boolean changed = true;
  private boolean closed;

  /** In which words a reader is told of a run. */
  public interface Encoder {
    /** Those of the Assistants API. */
    Encoder ASSISTANTS_API =
        new Encoder() {
          @Override
          public byte[] encode(SseFrame frame) {
            return frame.bytes();
          }

          @Override
          public Buffer end() {
            return SseFormat.done();
          }
        };

    /** The frame as bytes; null for what the reader is not told of. */
    byte[] encode(SseFrame frame);

    /** What closes the stream; empty for nothing. */
    Buffer end();
  }

  /**
   * @param untilPause whether the stream also ends when the run waits for its client
   * @param seen the id of the last event that the client has seen
   */
  public RunEventStream(
      LocalRuns liveRuns,
      RunSubscriptions watches,
      LoadRun loadRun,
      ProjectId project,
      ThreadId thread,
      RunId run,
      boolean untilPause,
      EventId seen,
      Encoder words) {
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.loadRun = loadRun;
    this.project = project;
    this.thread = thread;
    this.run = run;
    this.untilPause = untilPause;
    this.handoffs = new HandoffSubscriptions(liveRuns, watches, onChange);
    this.startPosition = seen;
    this.position = seen;
    this.encoder = words;
  }

  /** Reads along from the beginning of what this node does with the run. */
  public RunEventStream startingFrom(LiveRun started) {
    live = started;
    changed = false;
    return this;
  }

  @Override
  public String replayAddress() {
    return encoder != Encoder.ASSISTANTS_API ? null : thread + "/" + run + "/" + startPosition;
  }

  @Override
  public void open(Runnable wakeUp) {
    wake = wakeUp;
    watches.subscribe(thread, run, onChange);
    synchronized (this) {
      if (live != null) {
        live.addReader(wake, () -> liveIndex);
      }
    }
  }

  @Override
  public synchronized Chunk next(int maxBytes) {
    if (closed) {
      return new Chunk(null, true);
    }
    Buffer frames = null;
    for (var frame = nextFrame(); frame != null; frame = nextFrame()) {
      var bytes = frame.isVisible() ? encoder.encode(frame) : null;
      if (bytes != null) {
        frames = frames == null ? Buffer.buffer(1024) : frames;
        frames.appendBytes(bytes);
      }
      if (frame.isVisible() && isLast(frame.runEvent())) {
        frames = frames == null ? Buffer.buffer() : frames;
        return new Chunk(frames.appendBuffer(encoder.end()), true);
      }
      if (frames != null && frames.length() >= maxBytes) {
        return new Chunk(frames, false);
      }
    }
    if (atEnd) {
      var done = encoder.end();
      return new Chunk(frames == null ? done : frames.appendBuffer(done), true);
    }
    refreshIfChanged();
    return frames == null ? NOTHING_YET : new Chunk(frames, false);
  }

  /** The next event, for a reader of several runs; null if there is none at the moment. */
  synchronized SseFrame poll() {
    if (closed) {
      return null;
    }
    var frame = nextFrame();
    if (frame == null && !atEnd) {
      refreshIfChanged();
    }
    return frame;
  }

  /** Whether {@link #poll} has nothing more and never will. */
  synchronized boolean isAtEnd() {
    return closed || (atEnd && backlog.isEmpty() && live == null);
  }

  private void refreshIfChanged() {
    if (live == null && changed && !loading) {
      changed = false;
      loading = true;
      Thread.startVirtualThread(this::refresh);
    }
  }

  private SseFrame nextFrame() {
    var frame = backlog.isEmpty() ? nextOfLive() : backlog.poll();
    if (frame != null) {
      position = frame.id();
      lastStep = frame.streamEvent().step() == null ? lastStep : frame.streamEvent().step();
    }
    return frame;
  }

  private SseFrame nextOfLive() {
    if (live == null) {
      return null;
    }
    for (var frame = live.publishedAt(liveIndex);
        frame != null;
        frame = live.publishedAt(liveIndex)) {
      liveIndex++;
      var unseen = ResumeFilter.after(frame, position);
      if (unseen != null) {
        return unseen;
      }
    }
    if (live.isExhausted(liveIndex)) {
      live.removeReader(wake);
      live = null;
      changed = true;
    }
    return null;
  }

  private boolean isLast(RunEvent event) {
    return event instanceof RunEvent.RunStatusChanged(var state)
        && (isEnd(state) || (untilPause && state.equals("requires_action")));
  }

  /** Whether a run that has come to this state has ended. */
  static boolean isEnd(String state) {
    return switch (state) {
      case "completed", "failed", "cancelled", "expired", "incomplete" -> true;
      default -> false;
    };
  }

  private void changed() {
    synchronized (this) {
      changed = true;
    }
    wake.run();
  }

  /** Looks where the run is now, and takes what the reader has not seen. */
  private void refresh() {
    try {
      EventId from;
      Step open;
      synchronized (this) {
        from = position;
        open = lastStep;
      }
      // What another node has taken over may be live here still, but not for who has seen that.
      var found = liveRuns.find(run).filter(here -> here.run().attempt() >= from.attempt());
      if (found.isPresent() && follow(found.get(), List.of(), from)) {
        return;
      }
      var stored = load(from, open);
      if (stored == null) {
        close();
        return;
      }
      boolean isHere = found.isPresent() && found.get().run().attempt() == stored.run().attempt();
      if (isHere && follow(found.get(), stored.frames(), stored.reached())) {
        return;
      }
      accept(stored, isHere);
      if (!isHere) {
        watches.markRemote(run, stored.version());
        handoffs.follow(stored.handoff());
      }
    } catch (RuntimeException e) {
      LOG.warnf("stream waits run_id=%s cause=%s", run, e);
      LockSupport.parkNanos(RETRY_DELAY.toNanos());
      synchronized (this) {
        changed = true;
      }
    } finally {
      synchronized (this) {
        loading = false;
      }
      wake.run();
    }
  }

  /**
   * What the database has for the reader.
   *
   * @param reached how far it goes
   * @param isAll whether there was nothing more
   */
  private record Loaded(
      Run run,
      List<SseFrame> frames,
      EventId reached,
      boolean isComplete,
      RunSubscriptions.Version version,
      StoredRun handoff) {
    static Loaded at(StoredRun stored, Replay replay, EventId from) {
      var frames = new ArrayList<>(ResumeFilter.after(replay.frames(), from, stored.run()));
      var reached = replay.end().isBefore(from) ? from : replay.end();
      var last = frames.isEmpty() ? from : frames.getLast().id();
      if (last.isBefore(reached)) {
        // What cannot be told any more is passed over.
        frames.add(new SseFrame(reached, StreamEvents.attemptStarted(reached.attempt())));
      }
      return new Loaded(
          stored.run(),
          frames,
          reached,
          !stored.isTruncated(),
          RunSubscriptions.Version.of(stored),
          stored.handoffTarget());
    }
  }

  /**
   * In the middle of a message the journal alone will do. What is told of tool calls needs what
   * came of them before. Null if the run is gone.
   */
  private Loaded load(EventId from, Step open) {
    boolean isKnown =
        open != null
            && open.ordinal() == from.openStep()
            && open.type() == Step.Type.MESSAGE_CREATION;
    if (isKnown) {
      var behind = loadRun.loadJournalAfter(project, thread, run, from);
      if (behind.isPresent()) {
        return Loaded.at(behind.get(), Replay.ofJournal(behind.get(), from, open), from);
      }
    }
    return loadRun
        .load(project, thread, run, from)
        .map(stored -> Loaded.at(stored, Replay.of(stored), from))
        .orElse(null);
  }

  /**
   * A reader who has seen the end already is told that there is nothing more.
   *
   * @param goesOn whether there is more to be had already
   */
  private synchronized void accept(Loaded looked, boolean goesOn) {
    backlog.addAll(looked.frames());
    atEnd = looked.isComplete() && looked.run().status().isTerminal();
    changed |= goesOn || !looked.isComplete();
  }

  /**
   * Goes on with the live run behind what is still to be read from the database. False if the live
   * run does not keep what follows on that any more.
   */
  private synchronized boolean follow(LiveRun found, List<SseFrame> before, EventId at) {
    if (closed) {
      return true;
    }
    var rest = found.publishedAfter(at);
    if (rest == null) {
      return false;
    }
    backlog.addAll(before);
    backlog.addAll(ResumeFilter.after(rest.frames(), at, found.run()));
    live = found;
    liveIndex = rest.next();
    found.addReader(wake, () -> liveIndex);
    watches.markLocal(run);
    return true;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (live != null) {
        live.removeReader(wake);
      }
    }
    watches.unsubscribe(run, onChange);
    handoffs.close();
  }
}
