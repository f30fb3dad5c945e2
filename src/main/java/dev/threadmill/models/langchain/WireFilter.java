package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Changes what the library sends, and reads and changes what it receives. */
interface WireFilter {
  /** Changes the body of a request before it is sent. */
  void onRequest(ObjectNode body);

  /** Reads the data of an event, and changes it before the library has it. */
  void onEvent(ObjectNode event, Received received);
}
