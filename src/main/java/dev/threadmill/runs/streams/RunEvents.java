package dev.threadmill.runs.streams;

import dev.threadmill.api.EventFrame;
import dev.threadmill.api.EventStream;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.LiveRuns;
import dev.threadmill.runs.live.EventId;
import dev.threadmill.runs.live.Frame;
import dev.threadmill.runs.live.LiveRun;
import dev.threadmill.runs.live.Telling;
import dev.threadmill.runs.live.Watches;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.TapeEvent;
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
 * <p>Its methods are called on the client's event loop, except for {@link #look}, which runs on a
 * virtual thread of its own, one at a time, and hands over what it found under the lock.
 */
public final class RunEvents implements EventStream {
  private static final Logger LOG = Logger.getLogger(RunEvents.class);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  private final LiveRuns liveRuns;
  private final Watches watches;
  private final LoadRun loadRun;
  private final ProjectId project;
  private final ThreadId thread;
  private final RunId run;
  private final boolean untilPause;
  private final EventId first;
  private final Words words;

  private final Queue<Frame> backlog = new ArrayDeque<>();
  private final Runnable onChange = this::changed;
  private final HandedOverWatch others;
  private Runnable wake;
  private EventId seen;
  private Step lastStep;
  private LiveRun live;
  private volatile int liveIndex;
  private boolean looking;
  private boolean atEnd;
  private boolean changed = true;
  private boolean closed;

  /** In which words a reader is told of a run. */
  public interface Words {
    /** Those of the Assistants API. */
    Words OURS =
        new Words() {
          @Override
          public byte[] of(Frame frame) {
            return frame.bytes();
          }

          @Override
          public Buffer end() {
            return EventFrame.done();
          }
        };

    /** The frame as bytes; null for what the reader is not told of. */
    byte[] of(Frame frame);

    /** What closes the stream; empty for nothing. */
    Buffer end();
  }

  /**
   * @param untilPause whether the stream also ends when the run waits for its client
   * @param seen the id of the last event that the client has seen
   */
  public RunEvents(
      LiveRuns liveRuns,
      Watches watches,
      LoadRun loadRun,
      ProjectId project,
      ThreadId thread,
      RunId run,
      boolean untilPause,
      EventId seen,
      Words words) {
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.loadRun = loadRun;
    this.project = project;
    this.thread = thread;
    this.run = run;
    this.untilPause = untilPause;
    this.others = new HandedOverWatch(liveRuns, watches, onChange);
    this.first = seen;
    this.seen = seen;
    this.words = words;
  }

  /** Reads along from the beginning of what this node does with the run. */
  public RunEvents startingWith(LiveRun started) {
    live = started;
    changed = false;
    return this;
  }

  @Override
  public String address() {
    return words != Words.OURS ? null : thread + "/" + run + "/" + first;
  }

  @Override
  public void open(Runnable wakeUp) {
    wake = wakeUp;
    watches.add(thread, run, onChange);
    synchronized (this) {
      if (live != null) {
        live.addReader(wake, () -> liveIndex);
      }
    }
  }

  @Override
  public synchronized Next next(int maxBytes) {
    if (closed) {
      return new Next(null, true);
    }
    Buffer frames = null;
    for (var frame = nextFrame(); frame != null; frame = nextFrame()) {
      var bytes = frame.isForClients() ? words.of(frame) : null;
      if (bytes != null) {
        frames = frames == null ? Buffer.buffer(1024) : frames;
        frames.appendBytes(bytes);
      }
      if (frame.isForClients() && isLast(frame.event())) {
        frames = frames == null ? Buffer.buffer() : frames;
        return new Next(frames.appendBuffer(words.end()), true);
      }
      if (frames != null && frames.length() >= maxBytes) {
        return new Next(frames, false);
      }
    }
    if (atEnd) {
      var done = words.end();
      return new Next(frames == null ? done : frames.appendBuffer(done), true);
    }
    lookIfChanged();
    return frames == null ? NOTHING_YET : new Next(frames, false);
  }

  /** The next event, for a reader of several runs; null if there is none at the moment. */
  synchronized Frame poll() {
    if (closed) {
      return null;
    }
    var frame = nextFrame();
    if (frame == null && !atEnd) {
      lookIfChanged();
    }
    return frame;
  }

  /** Whether {@link #poll} has nothing more and never will. */
  synchronized boolean isAtEnd() {
    return closed || (atEnd && backlog.isEmpty() && live == null);
  }

  private void lookIfChanged() {
    if (live == null && changed && !looking) {
      changed = false;
      looking = true;
      Thread.startVirtualThread(this::look);
    }
  }

  private Frame nextFrame() {
    var frame = backlog.isEmpty() ? nextOfLive() : backlog.poll();
    if (frame != null) {
      seen = frame.id();
      lastStep = frame.told().step() == null ? lastStep : frame.told().step();
    }
    return frame;
  }

  private Frame nextOfLive() {
    if (live == null) {
      return null;
    }
    for (var frame = live.told(liveIndex); frame != null; frame = live.told(liveIndex)) {
      liveIndex++;
      var unseen = Unseen.of(frame, seen);
      if (unseen != null) {
        return unseen;
      }
    }
    if (live.isOver(liveIndex)) {
      live.removeReader(wake);
      live = null;
      changed = true;
    }
    return null;
  }

  private boolean isLast(TapeEvent event) {
    return event instanceof TapeEvent.RunIs(var state)
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
  private void look() {
    try {
      EventId from;
      Step open;
      synchronized (this) {
        from = seen;
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
      take(stored, isHere);
      if (!isHere) {
        watches.isElsewhere(run, stored.version());
        others.follow(stored.handedTo());
      }
    } catch (RuntimeException e) {
      LOG.warnf("stream waits run_id=%s cause=%s", run, e);
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      synchronized (this) {
        changed = true;
      }
    } finally {
      synchronized (this) {
        looking = false;
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
  private record Looked(
      Run run,
      List<Frame> frames,
      EventId reached,
      boolean isAll,
      Watches.Version version,
      StoredRun handedTo) {
    static Looked at(StoredRun stored, Replay replay, EventId from) {
      var frames = new ArrayList<>(Unseen.of(replay.frames(), from, stored.run()));
      var reached = replay.end().isBefore(from) ? from : replay.end();
      var last = frames.isEmpty() ? from : frames.getLast().id();
      if (last.isBefore(reached)) {
        // What cannot be told any more is passed over.
        frames.add(new Frame(reached, Telling.attemptBegan(reached.attempt())));
      }
      return new Looked(
          stored.run(),
          frames,
          reached,
          !stored.isCut(),
          Watches.Version.of(stored),
          stored.handedTo());
    }
  }

  /**
   * In the middle of a message the journal alone will do. What is told of tool calls needs what
   * came of them before. Null if the run is gone.
   */
  private Looked load(EventId from, Step open) {
    boolean isKnown =
        open != null
            && open.ordinal() == from.openStep()
            && open.type() == Step.Type.MESSAGE_CREATION;
    if (isKnown) {
      var behind = loadRun.loadBehind(project, thread, run, from);
      if (behind.isPresent()) {
        return Looked.at(behind.get(), Replay.ofJournal(behind.get(), from, open), from);
      }
    }
    return loadRun
        .load(project, thread, run, from)
        .map(stored -> Looked.at(stored, Replay.of(stored), from))
        .orElse(null);
  }

  /**
   * A reader who has seen the end already is told that there is nothing more.
   *
   * @param goesOn whether there is more to be had already
   */
  private synchronized void take(Looked looked, boolean goesOn) {
    backlog.addAll(looked.frames());
    atEnd = looked.isAll() && looked.run().status().isTerminal();
    changed |= goesOn || !looked.isAll();
  }

  /**
   * Goes on with the live run behind what is still to be read from the database. False if the live
   * run does not keep what follows on that any more.
   */
  private synchronized boolean follow(LiveRun found, List<Frame> before, EventId at) {
    if (closed) {
      return true;
    }
    var rest = found.behind(at);
    if (rest == null) {
      return false;
    }
    backlog.addAll(before);
    backlog.addAll(Unseen.of(rest.frames(), at, found.run()));
    live = found;
    liveIndex = rest.next();
    found.addReader(wake, () -> liveIndex);
    watches.isHere(run);
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
    watches.remove(run, onChange);
    others.close();
  }
}
