package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * An event of a run as a client read it.
 *
 * @param id the SSE id, which begins with the attempt that told it
 * @param name as {@code thread.message.delta}
 * @param data its object
 */
public record ReceivedEvent(String id, String name, JsonNode data) {
  boolean isDelta() {
    return name.endsWith(".delta");
  }

  /** The text that a delta of a message adds. */
  String text() {
    return data.at("/delta/content/0/text/value").asText("");
  }

  /** How often the run had been taken up when this was told. */
  int attempt() {
    return Integer.parseInt(id.substring(0, id.indexOf('-')));
  }

  /** Whether it tells that its run is in this state. */
  boolean isRun(String status) {
    return name.equals("thread.run." + status);
  }
}
