package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.tools.ToolsetFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;

/**
 * A run, and the ways to follow it.
 *
 * <p>Every stream from {@link #start} has the same updates, live or replayed, if the run was
 * created with {@code exactReplay}; without it, the deltas of a text are merged once they are
 * stored. There is one exception: if the node of a run is lost, updates of the last quarter of a
 * second that only its own readers have received may be missing from the streams of other nodes.
 */
public final class RunHandle {
  private final RunStreams streams;
  private final ToolsetFactory toolsets;
  private final Run run;
  private final RunSnapshot snapshot;
  private final EventId start;
  private final Optional<LiveRun> live;
  private List<SseFrame> frames;

  /**
   * @param start the position behind which its updates start
   * @param live the live run, if this node has just started to execute it
   */
  RunHandle(
      RunStreams streams,
      ToolsetFactory toolsets,
      Run run,
      List<ToolCall> open,
      EventId start,
      Optional<LiveRun> live) {
    this.streams = streams;
    this.toolsets = toolsets;
    this.run = run;
    this.snapshot = RunSnapshot.of(RunObject.of(run, open), run);
    this.start = start;
    this.live = live;
  }

  /** What the database has of the run, so that its items need not be read. */
  void setFrames(List<SseFrame> stored) {
    frames = stored;
  }

  /** The run at the moment when the handle was made. */
  public RunSnapshot snapshot() {
    return snapshot;
  }

  /** Which attempt executed the run, or was the last to, when the handle was made; from 1. */
  public int attempt() {
    return run.attempt();
  }

  /**
   * The id behind which {@link #stream} starts: that of the start of the run, or, for a run that
   * was just resumed, that of its last update before. To be kept to open the same stream again.
   */
  public String start() {
    return start.toString();
  }

  /**
   * The updates of the run until it ends.
   *
   * @param untilPause whether the stream also ends when the run waits for outputs
   * @param lastEventId the id of the last update that the reader has received, or a {@link #start};
   *     null for the start of this handle
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream stream(RunUpdateEncoder encoder, boolean untilPause, String lastEventId) {
    var from = lastEventId == null ? start : EventId.parse(lastEventId);
    var events = streams.events(run, untilPause, from, translator().encodedBy(encoder));
    return lastEventId == null ? live.map(events::startingFrom).orElse(events) : events;
  }

  private UpdateTranslator translator() {
    return new UpdateTranslator(new ItemTracker(toolsets, run.settings().tools()));
  }

  /**
   * The items that the database has of the run, in their order. Those that have not ended are as
   * they started. Calls that started before and have ended behind the start come first, with a
   * {@link RunItem.Place#BEFORE} as their place. Reads the whole run, unless {@link
   * RunClient#findAllWithItems} has.
   *
   * @param untilPause whether to stop where the run waits for outputs
   * @param start a {@link #start} behind which the items are wanted; null for that of this handle
   * @throws ApiException 400 if it is not the id of an event
   */
  public List<RunItem> items(boolean untilPause, String start) {
    var from = start == null ? this.start : EventId.parse(start);
    var translator = translator();
    var earlier = new LinkedHashMap<String, RunItem>();
    var items = new TreeMap<Integer, RunItem>();
    for (var frame : frames == null ? streams.stored(run) : frames) {
      if (frame.startPosition() < from.position()) {
        continue;
      }
      for (var update : translator.updates(frame.streamEvent())) {
        if (update instanceof RunUpdate.ItemEnded(RunItem.Call call)
            && call.place().index() == RunItem.Place.BEFORE) {
          earlier.put(call.place().id(), call);
        } else {
          add(items, update);
        }
      }
      if (untilPause && isPause(frame)) {
        break;
      }
    }
    items.remove(RunItem.Place.BEFORE);
    var all = new ArrayList<>(earlier.values());
    all.addAll(items.values());
    return all;
  }

  private static boolean isPause(SseFrame frame) {
    return frame.runEvent() instanceof RunEvent.RunStatusChanged status && status.isPause();
  }

  private static void add(TreeMap<Integer, RunItem> items, RunUpdate update) {
    switch (update) {
      case RunUpdate.ItemStarted(var item) -> items.put(item.place().index(), item);
      case RunUpdate.CallReady(var call) -> items.put(call.place().index(), call);
      case RunUpdate.ItemEnded(var item) -> items.put(item.place().index(), item);
      case RunUpdate.ReasoningStored(var place, var state) -> {
        if (place != null && items.get(place.index()) instanceof RunItem.Reasoning known) {
          items.put(
              place.index(), new RunItem.Reasoning(place, known.status(), known.text(), state));
        }
      }
      case RunUpdate.ItemDelta _,
          RunUpdate.AnnotationAdded _,
          RunUpdate.StatusChanged _,
          RunUpdate.TakenOver _ -> {
        // The end of an item has its texts.
      }
    }
  }

  /**
   * Waits until the run has ended, or waits for outputs. Holds only the calling thread, which
   * should be a virtual one.
   *
   * @return the run at that moment
   */
  public RunSnapshot await() throws InterruptedException {
    AnswerMemory.current().release();
    var last = new LastSnapshot();
    var stream = stream(last, true, null);
    var changes = new Semaphore(0);
    stream.open(changes::release);
    try {
      for (var next = stream.next(Integer.MAX_VALUE);
          !next.last();
          next = stream.next(Integer.MAX_VALUE)) {
        if (next.frames() == null) {
          changes.acquire();
          changes.drainPermits();
        }
      }
    } finally {
      stream.close();
    }
    return last.snapshot == null ? snapshot : last.snapshot;
  }

  /** Remembers the last status, and encodes nothing. */
  private static final class LastSnapshot implements RunUpdateEncoder {
    private volatile RunSnapshot snapshot;

    @Override
    public byte[] encode(String id, RunUpdate update) {
      if (update instanceof RunUpdate.StatusChanged(var now)) {
        snapshot = now;
      }
      return null;
    }
  }
}
