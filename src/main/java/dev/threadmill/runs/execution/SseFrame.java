package dev.threadmill.runs.execution;

import dev.threadmill.api.Json;
import dev.threadmill.api.SseFormat;
import dev.threadmill.runs.store.RunEvent;

/**
 * An event at its place on the tape. The bytes are made when the first reader asks for them and
 * shared by all readers; a run that nobody watches encodes nothing.
 */
public final class SseFrame {
  private final EventId id;
  private final StreamEvent streamEvent;
  private volatile byte[] encoded;

  /**
   * @param id the place behind the event
   */
  public SseFrame(EventId id, StreamEvent told) {
    this.id = id;
    this.streamEvent = told;
  }

  /** The place on the tape. */
  public EventId id() {
    return id;
  }

  /** The event in its short form. */
  public RunEvent runEvent() {
    return streamEvent.event();
  }

  /** The event and what clients are told of it. */
  public StreamEvent streamEvent() {
    return streamEvent;
  }

  /** The place before the event. */
  public long startPosition() {
    return id.position() - streamEvent.event().length();
  }

  /** Whether clients are told of the event at all. */
  public boolean isVisible() {
    return streamEvent.name() != null;
  }

  /** What clients are told, as JSON on one line. */
  public String json() {
    return streamEvent.data() instanceof String text ? text : Json.write(streamEvent.data());
  }

  /** The event as it goes over the wire. */
  public byte[] bytes() {
    var made = encoded;
    if (made == null) {
      made = SseFormat.event(id.toString(), streamEvent.name(), json());
      encoded = made;
    }
    return made;
  }
}
