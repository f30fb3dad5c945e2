package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;

/** Carries the messages of one session with an MCP server. Not thread-safe. */
interface McpTransport extends AutoCloseable {
  /** Takes the messages that the server sends, in their order. */
  interface Receiver {
    /**
     * Takes the text of one event or of one response body: a message, or an array of messages.
     *
     * @return whether the response that is waited for has come, so that nothing more needs reading
     */
    boolean receive(String text) throws McpException, InterruptedException;
  }

  /**
   * Sends a request and reads messages until the receiver has its response or the server has
   * nothing more to send.
   *
   * @param method of the request
   */
  void request(String method, ObjectNode message, Receiver receiver)
      throws McpException, InterruptedException;

  /**
   * Sends a message that has no response: a notification, or a response to the server.
   *
   * @param timeout of the HTTP request
   */
  void send(ObjectNode message, Duration timeout) throws McpException, InterruptedException;

  /** The protocol version that was agreed on, which later requests name. */
  void setProtocolVersion(String version);

  /** Ends the session. Notifies the server if the transport has sessions. Does not throw. */
  @Override
  void close();
}
