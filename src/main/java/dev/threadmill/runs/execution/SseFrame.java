package dev.threadmill.runs.execution;

import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.runs.store.RunEvent;

/**
 * A stream event at its position in the event log. The SSE bytes are encoded when the first reader
 * requests them and are shared by all readers; a run without readers encodes nothing.
 */
public final class SseFrame {
  private final EventId id;
  private final StreamEvent streamEvent;
  private volatile String json;
  private volatile byte[] encoded;

  /**
   * @param id the position behind the event
   */
  public SseFrame(EventId id, StreamEvent streamEvent) {
    this.id = id;
    this.streamEvent = streamEvent;
  }

  /** The position behind the event. */
  public EventId id() {
    return id;
  }

  /** The event as it is logged. */
  public RunEvent runEvent() {
    return streamEvent.event();
  }

  /** The event with the payload that clients receive. */
  public StreamEvent streamEvent() {
    return streamEvent;
  }

  /** The position before the event. */
  public long startPosition() {
    return id.position() - streamEvent.event().length();
  }

  /** Whether clients receive the event at all. */
  public boolean isVisible() {
    return streamEvent.name() != null;
  }

  /** The data as JSON on one line, for readers that frame it themselves. */
  public String json() {
    var known = json;
    if (known == null) {
      known = streamEvent.json();
      json = known;
    }
    return known;
  }

  /** The bytes of the SSE event. */
  public byte[] bytes() {
    var known = encoded;
    if (known == null) {
      var data = json;
      known =
          SseFormat.event(
              id.toString(), streamEvent.name(), data == null ? streamEvent.json() : data);
      encoded = known;
    }
    return known;
  }
}
