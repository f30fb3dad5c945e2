package dev.threadmill.runs;

import dev.threadmill.api.EventFrame;
import dev.threadmill.api.Json;

/**
 * An event at its place on the tape. The bytes are made when the first reader asks for them and
 * shared by all readers; a run that nobody watches encodes nothing.
 */
final class Frame {
  private final EventId id;
  private final Told told;
  private volatile byte[] bytes;

  /**
   * @param id the place behind the event
   */
  Frame(EventId id, Told told) {
    this.id = id;
    this.told = told;
  }

  EventId id() {
    return id;
  }

  TapeEvent event() {
    return told.event();
  }

  Told told() {
    return told;
  }

  /** The place before the event. */
  long start() {
    return id.position() - told.event().length();
  }

  /** Whether clients are told of the event at all. */
  boolean isForClients() {
    return told.name() != null;
  }

  /** What clients are told, as JSON on one line. */
  String json() {
    return told.data() instanceof String text ? text : Json.write(told.data());
  }

  byte[] bytes() {
    var made = bytes;
    if (made == null) {
      made = EventFrame.of(id.toString(), told.name(), json());
      bytes = made;
    }
    return made;
  }
}
