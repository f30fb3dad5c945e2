package dev.threadmill.runs.live;

import dev.threadmill.api.EventFrame;
import dev.threadmill.api.Json;
import dev.threadmill.runs.store.TapeEvent;

/**
 * An event at its place on the tape. The bytes are made when the first reader asks for them and
 * shared by all readers; a run that nobody watches encodes nothing.
 */
public final class Frame {
  private final EventId id;
  private final Told told;
  private volatile byte[] bytes;

  /**
   * @param id the place behind the event
   */
  public Frame(EventId id, Told told) {
    this.id = id;
    this.told = told;
  }

  /** The place on the tape. */
  public EventId id() {
    return id;
  }

  /** The event in its short form. */
  public TapeEvent event() {
    return told.event();
  }

  /** The event and what clients are told of it. */
  public Told told() {
    return told;
  }

  /** The place before the event. */
  public long start() {
    return id.position() - told.event().length();
  }

  /** Whether clients are told of the event at all. */
  public boolean isForClients() {
    return told.name() != null;
  }

  /** What clients are told, as JSON on one line. */
  public String json() {
    return told.data() instanceof String text ? text : Json.write(told.data());
  }

  /** The event as it goes over the wire. */
  public byte[] bytes() {
    var made = bytes;
    if (made == null) {
      made = EventFrame.of(id.toString(), told.name(), json());
      bytes = made;
    }
    return made;
  }
}
