package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * An event of a run as a client received it.
 *
 * @param id the SSE id, which begins with the attempt
 * @param name for example {@code thread.message.delta}
 * @param data the event's object
 */
public record ReceivedEvent(String id, String name, JsonNode data) {
  boolean isDelta() {
    return name.endsWith(".delta");
  }

  /** The text that a message delta appends. */
  String text() {
    return data.at("/delta/content/0/text/value").asText("");
  }

  /** The attempt of the run that published the event. */
  int attempt() {
    return Integer.parseInt(id.substring(0, id.indexOf('-')));
  }

  /** Whether it reports that its run has this status. */
  boolean isRun(String status) {
    return name.equals("thread.run." + status);
  }
}
