package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.sse.SseFormat;
import java.io.ByteArrayOutputStream;

/** Numbers the events of a response and writes those that the reader has not received. */
final class EventWriter {
  static final String LOST = "events_lost";

  private static final String LOST_MESSAGE =
      "Some of the last events that you have received are not stored: their node was lost. Read the"
          + " response again from its first event.";

  private final boolean writes;
  private final long after;
  private long next;
  private boolean isTold;
  private ByteArrayOutputStream frames = new ByteArrayOutputStream();

  /**
   * @param writes whether there is a reader; without one the events are only counted
   * @param after the number of the last event that the reader has received; -1 for none
   */
  EventWriter(boolean writes, long after) {
    this.writes = writes;
    this.after = after;
  }

  /** An event without fields. */
  static ObjectNode event() {
    return Json.MAPPER.createObjectNode();
  }

  /** The next event. */
  void write(String type, ObjectNode fields) {
    long number = next++;
    if (!writes || number <= after) {
      return;
    }
    var event = Json.MAPPER.createObjectNode().put("type", type);
    event.setAll(fields);
    event.put("sequence_number", number);
    frames.writeBytes(SseFormat.event(null, type, event.toString()));
  }

  /** Whether the reader has received numbers that no event has had yet. */
  boolean isBehindReader() {
    return writes && next <= after;
  }

  /**
   * Tells the reader, once, that events which it has received are not among those that are stored.
   * The frame has both forms of an error that clients read, and takes no number.
   */
  void tellLost() {
    if (isTold) {
      return;
    }
    isTold = true;
    var event = error();
    event.set("error", error().put("type", "server_error"));
    event.put("type", "error").put("sequence_number", after);
    frames.writeBytes(SseFormat.event(null, "error", event.toString()));
  }

  private static ObjectNode error() {
    return event().put("code", LOST).put("message", LOST_MESSAGE).putNull("param");
  }

  /** An event of an item. */
  void write(String type, String item, int index, String field, JsonNode value) {
    var fields = event().put("item_id", item).put("output_index", index);
    if (field != null) {
      fields.set(field, value);
    }
    write(type, fields);
  }

  /** The frames since the last call; null for none. */
  byte[] take() {
    if (frames.size() == 0) {
      return null;
    }
    var taken = frames.toByteArray();
    frames = new ByteArrayOutputStream();
    return taken;
  }
}
