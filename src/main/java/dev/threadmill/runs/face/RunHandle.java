package dev.threadmill.runs.face;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.EventStream;
import dev.threadmill.runs.live.Answer;
import dev.threadmill.runs.live.EventId;
import dev.threadmill.runs.live.Frame;
import dev.threadmill.runs.live.LiveRun;
import dev.threadmill.runs.live.RunObject;
import dev.threadmill.runs.live.Told;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.TapeEvent;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.streams.RunEvents;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.MessageObject;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** A run that a protocol has begun, goes on with or looks at, and the ways to follow it. */
public final class RunHandle {
  private final RunStreams streams;
  private final Run run;
  private final RunState state;
  private final EventId seen;
  private final Optional<LiveRun> live;

  /**
   * @param seen behind which place its story begins
   * @param live the run, if this node has just begun to execute it
   */
  RunHandle(
      RunStreams streams, Run run, List<ToolCall> open, EventId seen, Optional<LiveRun> live) {
    this.streams = streams;
    this.run = run;
    this.state = RunState.of(RunObject.of(run, open));
    this.seen = seen;
    this.live = live;
  }

  /** Where the run stood when the handle was made. */
  public RunState state() {
    return state;
  }

  /**
   * The events of the run until it ends.
   *
   * @param untilPause whether to end also when the run waits for somebody outside
   * @param lastEventId the last event that the reader has seen; null for none
   * @throws ApiException 400 if it is not the id of an event
   */
  public EventStream stream(RunWords words, boolean untilPause, String lastEventId) {
    var from = lastEventId == null ? seen : EventId.parse(lastEventId);
    var events = streams.events(run, untilPause, from, new Retold(words));
    return lastEventId == null ? live.map(events::startingWith).orElse(events) : events;
  }

  /**
   * Waits until the run has ended, or waits for somebody outside. Holds nothing but the calling
   * thread, which ought to be a virtual one.
   *
   * @return where it stands then
   */
  public RunState await() throws InterruptedException {
    var last = new Last();
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
    return last.state == null ? state : last.state;
  }

  /** Remembers the last state, and says nothing. */
  private static final class Last implements RunWords {
    private volatile RunState state;

    @Override
    public byte[] of(String id, RunEvent event) {
      if (event instanceof RunEvent.Now(var now)) {
        state = now;
      }
      return null;
    }
  }

  /** Puts the events of the tape into the words of a protocol. */
  private record Retold(RunWords words) implements RunEvents.Words {
    @Override
    public byte[] of(Frame frame) {
      var event = event(frame.told());
      return event == null ? null : words.of(frame.id().toString(), event);
    }

    @Override
    public Buffer end() {
      return Buffer.buffer(words.end());
    }

    private static RunEvent event(Told told) {
      return switch (told.event()) {
        case TapeEvent.RunIs(var name) ->
            name.equals("created") ? null : new RunEvent.Now(RunState.of((RunObject) told.data()));
        case TapeEvent.TextDelta delta ->
            new RunEvent.Said(told.step().messageId().value(), delta.text());
        case TapeEvent.MessageIs(_, var name) -> message(told, name);
        case TapeEvent.ThreadCreated _,
            TapeEvent.StepCreated _,
            TapeEvent.StepIs _,
            TapeEvent.CallStarted _,
            TapeEvent.AsideDelta _,
            TapeEvent.PieceHeard _,
            TapeEvent.ArgumentsDelta _,
            TapeEvent.CallRouted _,
            TapeEvent.CallAnswered _,
            TapeEvent.AttemptBegan _ ->
            null;
      };
    }

    private static RunEvent message(Told told, String name) {
      return switch (name) {
        case "created" -> new RunEvent.Began(told.step().messageId().value());
        case "completed", "incomplete" -> {
          var message = (MessageObject) told.data();
          yield new RunEvent.Ended(
              message.id(), Answer.text(message.content()), name.equals("completed"));
        }
        default -> null;
      };
    }
  }
}
