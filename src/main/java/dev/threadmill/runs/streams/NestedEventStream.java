package dev.threadmill.runs.streams;

import dev.threadmill.api.Json;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.ToolCall;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The events of a run and of all runs below it. The events of the run itself keep their form; each
 * event of another run is wrapped in one of the name {@link #NAME}. The events of a run come before
 * the run above receives its output, so the position of a reader names only runs in progress.
 *
 * <p>All methods but {@link #close} are called on the client's event loop.
 */
final class NestedEventStream implements EventStream {
  static final String NAME = "thread.run.nested";

  private final StreamFactory streamFactory;
  private final Branch top;
  private final Map<String, Branch> branches = new LinkedHashMap<>();
  private Runnable wake;

  /** Starts to read one run. */
  interface StreamFactory {
    RunEventReader of(ThreadId thread, RunId run, EventId seen);
  }

  /** A run that is read. */
  private static final class Branch {
    final String path;
    final RunId parent;
    final ThreadId thread;
    final RunId run;
    final boolean isHandoff;
    final RunEventReader events;
    EventId seen;
    SseFrame next;
    boolean isEnded;

    Branch(
        String path,
        RunId parent,
        ThreadId thread,
        RunId run,
        boolean isHandoff,
        RunEventReader events,
        EventId seen) {
      this.path = path;
      this.isHandoff = isHandoff;
      this.parent = parent;
      this.thread = thread;
      this.run = run;
      this.events = events;
      this.seen = seen;
    }

    boolean isBelow(String above) {
      return above.isEmpty() ? !path.isEmpty() : path.startsWith(above + "/");
    }
  }

  /**
   * @param seen the position of the client
   * @param known the runs below; those that the position names are resumed
   */
  NestedEventStream(
      Run run, NestedEventId seen, List<ChildRunStore.Branch> known, StreamFactory reading) {
    this.streamFactory = reading;
    this.top = branch("", null, run.threadId(), run.id(), false, seen.top());
    resume(top, seen, known);
  }

  private void resume(Branch above, NestedEventId seen, List<ChildRunStore.Branch> known) {
    for (var each : known) {
      var path = path(above, each.step(), each.call());
      if (each.parent().equals(above.run) && seen.below().containsKey(path)) {
        var place = seen.below().get(path);
        var branch = branch(path, above.run, each.thread(), each.run(), each.isHandoff(), place);
        resume(branch, seen, known);
      }
    }
  }

  private Branch branch(
      String path, RunId parent, ThreadId thread, RunId run, boolean isHandoff, EventId seen) {
    var events = streamFactory.of(thread, run, seen);
    var branch = new Branch(path, parent, thread, run, isHandoff, events, seen);
    branches.put(path, branch);
    return branch;
  }

  private static String path(Branch above, int step, int call) {
    return (above.path.isEmpty() ? "" : above.path + "/") + step + "." + call;
  }

  @Override
  public synchronized void open(Runnable wakeUp) {
    wake = wakeUp;
    branches.values().forEach(branch -> branch.events.open(wakeUp));
  }

  @Override
  public synchronized Chunk next(int maxBytes) {
    var frames = Buffer.buffer();
    boolean moves = true;
    while (moves) {
      moves = false;
      for (var branch : List.copyOf(branches.values())) {
        boolean wasOver = branch.isEnded;
        while (branches.get(branch.path) == branch && isNextDue(branch)) {
          moves = true;
          emit(branch, frames);
          if (top.isEnded) {
            return new Chunk(frames.appendBuffer(SseFormat.done()), true);
          }
          if (frames.length() >= maxBytes) {
            return new Chunk(frames, false);
          }
        }
        moves |= branch.isEnded != wasOver;
      }
    }
    if (top.isEnded) {
      return new Chunk(frames.appendBuffer(SseFormat.done()), true);
    }
    return frames.length() == 0 ? NOTHING_YET : new Chunk(frames, false);
  }

  /** Whether this run has an event that no event of a run below has to precede. */
  private boolean isNextDue(Branch branch) {
    if (branch.next == null) {
      branch.next = branch.events.poll();
    }
    if (branch.next == null) {
      branch.isEnded = branch.isEnded || branch.events.isAtEnd() || branch.events.isClosed();
      return false;
    }
    return switch (branch.next.runEvent()) {
      case RunEvent.CallCompleted(var step, var call, _) ->
          isSubtreeEnded(path(branch, step, call));
      case RunEvent.RunStatusChanged status ->
          !status.isTerminal()
              || branches.values().stream()
                  .filter(below -> below.isBelow(branch.path))
                  .allMatch(below -> below.isEnded);
      case RunEvent.ThreadCreated _,
          RunEvent.AttemptStarted _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.Delta _,
          RunEvent.AnnotationAdded _,
          RunEvent.ImageAdded _,
          RunEvent.CallStarted _,
          RunEvent.CallRouted _ ->
          true;
    };
  }

  /** A call that hands off has its output before the other run starts. */
  private boolean isSubtreeEnded(String path) {
    return isHandoff(path)
        || branches.values().stream()
            .filter(below -> below.path.equals(path) || below.isBelow(path))
            .allMatch(below -> below.isEnded);
  }

  private boolean isHandoff(String path) {
    return branches.get(path) instanceof Branch below && below.isHandoff;
  }

  private void emit(Branch branch, Buffer frames) {
    var frame = branch.next;
    branch.next = null;
    branch.seen = frame.id();
    switch (frame.runEvent()) {
      case RunEvent.CallRouted(var step, var call, var routing) -> {
        if (routing != null) {
          addBranch(branch, path(branch, step, call), routing);
        }
      }
      case RunEvent.CallCompleted(var step, var call, _) -> {
        var path = path(branch, step, call);
        if (!isHandoff(path)) {
          removeBranches(path);
        }
      }
      case RunEvent.RunStatusChanged status -> {
        if (status.isTerminal()) {
          branch.isEnded = true;
          branches.values().stream()
              .filter(below -> below.isBelow(branch.path))
              .toList()
              .forEach(below -> removeBranches(below.path));
        }
      }
      case RunEvent.ThreadCreated _,
          RunEvent.AttemptStarted _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.Delta _,
          RunEvent.AnnotationAdded _,
          RunEvent.ImageAdded _,
          RunEvent.CallStarted _ -> {
        // Does not change which runs are read.
      }
    }
    if (frame.isVisible()) {
      frames.appendBytes(bytes(branch, frame));
    }
  }

  private void addBranch(Branch above, String path, ToolCall.Routing routing) {
    if (!branches.containsKey(path)) {
      boolean isHandoff = routing.mode() == AgentRoutingSpec.Mode.HANDOFF;
      var thread = routing.threadId();
      branch(path, above.run, thread, routing.runId(), isHandoff, EventId.START).events.open(wake);
    }
  }

  /** The run above has received the output. */
  private void removeBranches(String path) {
    branches
        .values()
        .removeIf(
            branch -> {
              boolean gone = branch.path.equals(path) || branch.isBelow(path);
              if (gone) {
                branch.events.close();
              }
              return gone;
            });
  }

  private byte[] bytes(Branch branch, SseFrame frame) {
    return branch == top
        ? SseFormat.event(id(), frame.streamEvent().name(), frame.json())
        : SseFormat.event(id(), NAME, nested(branch, frame));
  }

  private static String nested(Branch branch, SseFrame frame) {
    return "{\"object\":\""
        + NAME
        + "\",\"run_id\":\""
        + branch.run
        + "\",\"thread_id\":\""
        + branch.thread
        + "\",\"parent_run_id\":\""
        + branch.parent
        + "\",\"event\":"
        + Json.write(frame.streamEvent().name())
        + ",\"data\":"
        + frame.json()
        + "}";
  }

  private String id() {
    var id = new StringBuilder(top.seen.toString());
    for (var branch : branches.values()) {
      if (branch != top) {
        id.append(',').append(branch.path).append(':').append(branch.seen);
      }
    }
    return id.toString();
  }

  @Override
  public synchronized void close() {
    branches.values().forEach(branch -> branch.events.close());
  }
}
