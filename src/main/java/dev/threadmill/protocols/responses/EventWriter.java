package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.sse.SseFormat;
import java.io.ByteArrayOutputStream;

/** Numbers the events of a response and writes those that the reader has not received. */
final class EventWriter {
  private final boolean writes;
  private final long after;
  private long next;
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
