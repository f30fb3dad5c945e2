package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.EventStream;
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

/** A run that a protocol has begun, goes on with or looks at, and the ways to follow it. */
public final class RunHandle {
  private final RunStreams streams;
  private final Run run;
  private final RunSnapshot snapshot;
  private final EventId startPosition;
  private final Optional<LiveRun> live;

  /**
   * @param seen behind which place its story begins
   * @param live the run, if this node has just begun to execute it
   */
  RunHandle(
      RunStreams streams, Run run, List<ToolCall> open, EventId seen, Optional<LiveRun> live) {
    this.streams = streams;
    this.run = run;
    this.snapshot = RunSnapshot.of(RunObject.of(run, open));
    this.startPosition = seen;
    this.live = live;
  }

  /** Where the run stood when the handle was made. */
  public RunSnapshot snapshot() {
    return snapshot;
  }

  /**
   * The events of the run until it ends.
   *
   * @param untilPause whether to end also when the run waits for somebody outside
   * @param lastEventId the last event that the reader has seen; null for none
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream stream(RunUpdateEncoder words, boolean untilPause, String lastEventId) {
    var from = lastEventId == null ? startPosition : EventId.parse(lastEventId);
    var events = streams.events(run, untilPause, from, new UpdateTranslator(words));
    return lastEventId == null ? live.map(events::startingFrom).orElse(events) : events;
  }

  /**
   * Waits until the run has ended, or waits for somebody outside. Holds nothing but the calling
   * thread, which ought to be a virtual one.
   *
   * @return where it stands then
   */
  public RunSnapshot await() throws InterruptedException {
    var last = new LastSnapshot();
    var stream = stream(last, true, null);
    var news = new Semaphore(0);
    stream.open(news::release);
    try {
      for (var next = stream.next(Integer.MAX_VALUE);
          !next.last();
          next = stream.next(Integer.MAX_VALUE)) {
        if (next.frames() == null) {
          news.acquire();
          news.drainPermits();
        }
      }
    } finally {
      stream.close();
    }
    return last.state == null ? snapshot : last.state;
  }

  /** Remembers the last state, and says nothing. */
  private static final class LastSnapshot implements RunUpdateEncoder {
    private volatile RunSnapshot state;

    @Override
    public byte[] encode(String id, RunUpdate event) {
      if (event instanceof RunUpdate.StatusChanged(var now)) {
        state = now;
      }
      return null;
    }
  }

  /** Puts the events of the tape into the words of a protocol. */
  private record UpdateTranslator(RunUpdateEncoder words) implements EventEncoder {
    @Override
    public byte[] encode(SseFrame frame) {
      var event = event(frame.streamEvent());
      return event == null ? null : words.encode(frame.id().toString(), event);
    }

    @Override
    public Buffer end() {
      return Buffer.buffer(words.end());
    }

    private static RunUpdate event(StreamEvent told) {
      return switch (told.event()) {
        case RunEvent.RunStatusChanged(var name) ->
            name.equals("created")
                ? null
                : new RunUpdate.StatusChanged(RunSnapshot.of((RunObject) told.data()));
        case RunEvent.Delta(var target, _, var text) when target.text() == StreamedText.MESSAGE ->
            new RunUpdate.TextDelta(told.step().messageId().value(), text);
        case RunEvent.MessageStatusChanged(_, var name) -> message(told, name);
        case RunEvent.ThreadCreated _,
            RunEvent.StepCreated _,
            RunEvent.StepStatusChanged _,
            RunEvent.CallStarted _,
            RunEvent.Delta _,
            RunEvent.CallRouted _,
            RunEvent.CallCompleted _,
            RunEvent.AttemptStarted _ ->
            null;
      };
    }

    private static RunUpdate message(StreamEvent told, String name) {
      return switch (name) {
        case "created" -> new RunUpdate.MessageStarted(told.step().messageId().value());
        case "completed", "incomplete" -> {
          var message = (MessageObject) told.data();
          yield new RunUpdate.MessageEnded(
              message.id(), ContentPart.textOf(message.content()), name.equals("completed"));
        }
        default -> null;
      };
    }
  }
}
