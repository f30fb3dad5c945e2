package dev.threadmill.runs.streams;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSubscriptions;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.store.Step;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import org.jboss.logging.Logger;

/**
 * A cursor over the events of a run. It pulls them from the live run if this node executes it, and
 * from the database otherwise. It holds what one query brought, and queries again only when that is
 * consumed.
 *
 * <p>Its methods are called on the client's event loop, except for {@link #refresh}, which runs on
 * a virtual thread, one at a time, and hands over its results under the lock.
 */
public final class RunEventReader {
  private static final Logger LOG = Logger.getLogger(RunEventReader.class);

  private static final Duration RETRY_DELAY = Duration.ofMillis(500);

  private final LocalRuns localRuns;
  private final RunSubscriptions subscriptions;
  private final LoadRun loadRun;
  private final ProjectId project;
  private final ThreadId thread;
  private final RunId run;

  private final Queue<SseFrame> backlog = new ArrayDeque<>();
  private final Runnable onChange = this::changed;
  private final HandoffSubscriptions handoffs;
  private final ReplayPermit permit;
  private Runnable wake;
  private EventId position;
  private Step lastStep;
  private LiveRun live;
  private volatile int liveIndex;
  private boolean refreshing;
  private boolean atEnd;
  private boolean changed = true;
  private boolean closed;

  /**
   * @param position behind which the reader starts
   */
  public RunEventReader(
      LocalRuns localRuns,
      RunSubscriptions subscriptions,
      LoadRun loadRun,
      ProjectId project,
      ThreadId thread,
      RunId run,
      EventId position) {
    this.localRuns = localRuns;
    this.subscriptions = subscriptions;
    this.loadRun = loadRun;
    this.project = project;
    this.thread = thread;
    this.run = run;
    this.handoffs = new HandoffSubscriptions(localRuns, subscriptions, onChange);
    this.position = position;
    this.permit = loadRun.permit(project);
  }

  /** Follows a run that this node has just started to execute, from its first event here on. */
  void startFrom(LiveRun started) {
    live = started;
    changed = false;
  }

  /**
   * Starts to read.
   *
   * @param wakeUp called when {@link #poll} may have something
   */
  void open(Runnable wakeUp) {
    wake = wakeUp;
    subscriptions.subscribe(thread, run, onChange);
    synchronized (this) {
      if (live != null) {
        live.events().addReader(wake, () -> liveIndex);
      }
    }
  }

  /** The next event; null if there is none at the moment. */
  synchronized SseFrame poll() {
    if (closed) {
      return null;
    }
    if (backlog.isEmpty() && !refreshing) {
      permit.release();
    }
    var frame = backlog.isEmpty() ? pollLive() : backlog.poll();
    if (frame != null) {
      position = frame.id();
      lastStep = frame.streamEvent().step() == null ? lastStep : frame.streamEvent().step();
    } else if (live == null && !atEnd && changed && !refreshing) {
      changed = false;
      refreshing = true;
      Thread.startVirtualThread(this::refresh);
    }
    return frame;
  }

  private SseFrame pollLive() {
    if (live == null) {
      return null;
    }
    var events = live.events();
    for (var frame = events.publishedAt(liveIndex);
        frame != null;
        frame = events.publishedAt(liveIndex)) {
      liveIndex++;
      var rest = ResumeFilter.after(frame, position);
      if (rest != null) {
        return rest;
      }
    }
    if (events.isExhausted(liveIndex)) {
      events.removeReader(wake);
      live = null;
      changed = true;
    }
    return null;
  }

  /** Whether the run has ended and {@link #poll} has returned its last event. */
  synchronized boolean isAtEnd() {
    return atEnd && backlog.isEmpty() && live == null;
  }

  /** Whether the reader was closed, or the run was deleted. */
  synchronized boolean isClosed() {
    return closed;
  }

  private void changed() {
    synchronized (this) {
      changed = true;
    }
    wake.run();
  }

  /** Finds out where the run is now, and takes what the reader has not received. */
  private void refresh() {
    try {
      EventId from;
      Step open;
      synchronized (this) {
        from = position;
        open = lastStep;
      }
      // A run that another node took over may still be live here, but is stale for a reader that
      // has received events of the new attempt.
      var found = localRuns.find(run).filter(here -> here.claimedRun().attempt() >= from.attempt());
      if (found.isPresent() && follow(found.get(), List.of(), from)) {
        return;
      }
      var loaded = load(from, open);
      if (loaded.isEmpty()) {
        close();
        return;
      }
      var stored = loaded.get();
      boolean isLocal =
          found.isPresent() && found.get().claimedRun().attempt() == stored.run().attempt();
      if (isLocal && follow(found.get(), stored.frames(), stored.reached())) {
        return;
      }
      accept(stored, isLocal);
      if (!isLocal) {
        subscriptions.markRemote(run, stored.version());
        handoffs.follow(stored.handoff());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      close();
    } catch (RuntimeException e) {
      LOG.warnf("reading events failed, trying again run_id=%s cause=%s", run, e);
      LockSupport.parkNanos(RETRY_DELAY.toNanos());
      synchronized (this) {
        changed = true;
      }
    } finally {
      synchronized (this) {
        refreshing = false;
      }
      wake.run();
    }
  }

  /**
   * Loads the events behind a position.
   *
   * @return empty if the run was deleted, the reader was closed, or there is no permit
   */
  private Optional<CatchUp> load(EventId from, Step open) throws InterruptedException {
    var loaded =
        permit.load(
            () -> {
              var found = CatchUp.load(loadRun, project, thread, run, from, open);
              return new ReplayPermit.Loaded<>(found, found.map(CatchUp::characters).orElse(0L));
            });
    if (loaded == null && !isClosed()) {
      LOG.warnf("closing a stream run_id=%s reason=heap_of_replays_in_use", run);
    }
    return loaded == null ? Optional.empty() : loaded;
  }

  /**
   * Accepts the loaded events.
   *
   * @param hasMore whether there is more already
   */
  private synchronized void accept(CatchUp loaded, boolean hasMore) {
    backlog.addAll(loaded.frames());
    // A reader that already has the last event receives no frames, but is at the end too.
    atEnd = loaded.isComplete() && loaded.run().status().isTerminal();
    changed |= hasMore || !loaded.isComplete();
  }

  /**
   * Follows the live run behind events from the database. Returns false if the live run has evicted
   * what comes next.
   */
  private synchronized boolean follow(LiveRun found, List<SseFrame> before, EventId reached) {
    if (closed) {
      return true;
    }
    var published = found.events().publishedAfter(reached);
    if (published == null) {
      return false;
    }
    backlog.addAll(before);
    backlog.addAll(ResumeFilter.after(published.frames(), reached, found.claimedRun()));
    live = found;
    liveIndex = published.next();
    found.events().addReader(wake, () -> liveIndex);
    subscriptions.markLocal(run);
    return true;
  }

  void close() {
    synchronized (this) {
      closed = true;
      if (live != null) {
        live.events().removeReader(wake);
      }
    }
    permit.close();
    subscriptions.unsubscribe(run, onChange);
    handoffs.close();
  }
}
