package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.streams.EventEncoder;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.MessageObject;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** A run, and the ways to follow it. */
public final class RunHandle {
  private final RunStreams streams;
  private final Run run;
  private final RunSnapshot snapshot;
  private final EventId startPosition;
  private final Optional<LiveRun> live;

  /**
   * @param startPosition the position behind which its updates start
   * @param live the live run, if this node has just started to execute it
   */
  RunHandle(
      RunStreams streams,
      Run run,
      List<ToolCall> open,
      EventId startPosition,
      Optional<LiveRun> live) {
    this.streams = streams;
    this.run = run;
    this.snapshot = RunSnapshot.of(RunObject.of(run, open));
    this.startPosition = startPosition;
    this.live = live;
  }

  /** The run at the moment when the handle was made. */
  public RunSnapshot snapshot() {
    return snapshot;
  }

  /**
   * The updates of the run until it ends.
   *
   * @param untilPause whether the stream also ends when the run waits for outputs
   * @param lastEventId the id of the last update that the reader has received; null for none
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream stream(RunUpdateEncoder encoder, boolean untilPause, String lastEventId) {
    var from = lastEventId == null ? startPosition : EventId.parse(lastEventId);
    var events = streams.events(run, untilPause, from, new UpdateTranslator(encoder));
    return lastEventId == null ? live.map(events::startingFrom).orElse(events) : events;
  }

  /**
   * Waits until the run has ended, or waits for outputs. Holds only the calling thread, which
   * should be a virtual one.
   *
   * @return the run at that moment
   */
  public RunSnapshot await() throws InterruptedException {
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

  /** Translates events of the log into updates, and has a protocol encode them. */
  private record UpdateTranslator(RunUpdateEncoder encoder) implements EventEncoder {
    @Override
    public byte[] encode(SseFrame frame) {
      var update = update(frame.streamEvent());
      return update == null ? null : encoder.encode(frame.id().toString(), update);
    }

    @Override
    public Buffer end() {
      return Buffer.buffer(encoder.end());
    }

    private static RunUpdate update(StreamEvent event) {
      return switch (event.event()) {
        case RunEvent.RunStatusChanged(var name) ->
            name.equals("created")
                ? null
                : new RunUpdate.StatusChanged(RunSnapshot.of((RunObject) event.data()));
        case RunEvent.Delta(var target, _, var text) when target.text() == StreamedText.MESSAGE ->
            new RunUpdate.TextDelta(event.step().messageId().value(), text);
        case RunEvent.MessageStatusChanged(_, var name) -> message(event, name);
        case RunEvent.ThreadCreated _,
            RunEvent.StepCreated _,
            RunEvent.StepStatusChanged _,
            RunEvent.CallStarted _,
            RunEvent.Delta _,
            RunEvent.AnnotationAdded _,
            RunEvent.CallRouted _,
            RunEvent.CallCompleted _,
            RunEvent.AttemptStarted _ ->
            null;
      };
    }

    private static RunUpdate message(StreamEvent event, String name) {
      return switch (name) {
        case "created" -> new RunUpdate.MessageStarted(event.step().messageId().value());
        case "completed", "incomplete" -> {
          var message = (MessageObject) event.data();
          yield new RunUpdate.MessageEnded(
              message.id(), ContentPart.textOf(message.content()), name.equals("completed"));
        }
        default -> null;
      };
    }
  }
}
