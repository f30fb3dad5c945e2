package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Changes what the library sends, and reads and changes what it receives. */
interface WireFilter {
  /** Changes the body of a request before it is sent. */
  void onRequest(ObjectNode body);

  /**
   * Reads the data of an event.
   *
   * @return what the library is given in its place
   */
  List<ObjectNode> onEvent(ObjectNode event, Received received);

  /** The events of a response that came as a whole; empty if it cannot be read. */
  List<ObjectNode> eventsOf(JsonNode whole);

  /** Whether a response of this provider may begin as JSON does. */
  boolean streamsJson();
}
