package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.sse.SseFormat;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.ThreadLocalRandom;

/** Numbers the events of a response and writes those that the reader has not received. */
final class EventWriter {
  static final String LOST = "events_lost";

  private static final String LOST_MESSAGE =
      "Some of the last events that you have received are not stored: their node was lost. Read the"
          + " response again from its first event.";

  /** Of the padding of a delta. */
  private static final int LONGEST_PADDING = 24;

  private static final String PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

  private final boolean writes;
  private final long after;
  private final boolean obfuscates;
  private long next;
  private boolean isTold;
  private ByteArrayOutputStream frames = new ByteArrayOutputStream();

  private EventWriter(boolean writes, long after, boolean obfuscates) {
    this.writes = writes;
    this.after = after;
    this.obfuscates = obfuscates;
  }

  /** For no reader: the events are only counted. */
  static EventWriter counting() {
    return new EventWriter(false, -1, false);
  }

  /**
   * For a reader.
   *
   * @param after the number of the last event that it has received; -1 for none
   * @param obfuscates whether deltas get padding of a random length
   */
  static EventWriter behind(long after, boolean obfuscates) {
    return new EventWriter(true, after, obfuscates);
  }

  /** Whether the next event is written; otherwise its fields are not needed. */
  boolean writesNext() {
    return writes && next > after;
  }

  /** Counts an event that is not written. */
  void skip() {
    next++;
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
    if (obfuscates && type.endsWith(".delta")) {
      event.put("obfuscation", padding());
    }
    event.put("sequence_number", number);
    frames.writeBytes(SseFormat.event(null, type, event.toString()));
  }

  private static String padding() {
    var random = ThreadLocalRandom.current();
    var padding = new StringBuilder();
    for (int i = random.nextInt(LONGEST_PADDING); i >= 0; i--) {
      padding.append(PADDING.charAt(random.nextInt(PADDING.length())));
    }
    return padding.toString();
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
