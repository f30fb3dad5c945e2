package dev.threadmill.runs.streams;

import dev.threadmill.api.sse.EventStream;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.store.RunEvent;
import io.vertx.core.buffer.Buffer;

/** The events of a run as a stream to one client, in the form of an {@link EventEncoder}. */
public final class RunEventStream implements EventStream {
  private final RunEventReader reader;
  private final EventEncoder encoder;
  private final boolean untilPause;
  private final String replayAddress;

  /**
   * @param untilPause whether the stream also ends when the run waits for its client
   * @param replayAddress where the same stream can be opened again; null if it cannot
   */
  public RunEventStream(
      RunEventReader reader, EventEncoder encoder, boolean untilPause, String replayAddress) {
    this.reader = reader;
    this.encoder = encoder;
    this.untilPause = untilPause;
    this.replayAddress = replayAddress;
  }

  /** Follows a run that this node has just started to execute, from its first event here on. */
  public RunEventStream startingFrom(LiveRun started) {
    reader.startFrom(started);
    return this;
  }

  @Override
  public String replayAddress() {
    return replayAddress;
  }

  @Override
  public void open(Runnable wake) {
    reader.open(wake);
  }

  @Override
  public Chunk next(int maxBytes) {
    if (reader.isClosed()) {
      return new Chunk(null, true);
    }
    Buffer frames = null;
    for (var frame = reader.poll(); frame != null; frame = reader.poll()) {
      var bytes = encoder.encode(frame);
      if (bytes != null) {
        frames = frames == null ? Buffer.buffer(1024) : frames;
        frames.appendBytes(bytes);
      }
      if (isLast(frame.runEvent())) {
        return ending(frames);
      }
      if (frames != null && frames.length() >= maxBytes) {
        return new Chunk(frames, false);
      }
    }
    if (reader.isAtEnd()) {
      return ending(frames);
    }
    return frames == null ? NOTHING_YET : new Chunk(frames, false);
  }

  private Chunk ending(Buffer frames) {
    var end = encoder.end();
    return new Chunk(frames == null ? end : frames.appendBuffer(end), true);
  }

  private boolean isLast(RunEvent event) {
    return event instanceof RunEvent.RunStatusChanged status
        && (status.isTerminal() || (untilPause && status.isPause()));
  }

  @Override
  public void close() {
    reader.close();
  }
}
