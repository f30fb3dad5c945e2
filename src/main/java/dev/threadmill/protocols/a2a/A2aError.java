package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;

/** A request that is answered with a JSON-RPC error of A2A. */
final class A2aError extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final String DOMAIN = "a2a-protocol.org";

  private final int code;
  private final String reason;
  private final String field;

  private A2aError(int code, String reason, String field, String message) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.field = field;
  }

  static A2aError notJson() {
    return new A2aError(-32700, null, null, "Invalid JSON payload");
  }

  static A2aError notARequest(String message) {
    return new A2aError(-32600, null, null, message);
  }

  static A2aError noSuchMethod() {
    return new A2aError(-32601, null, null, "Method not found");
  }

  /**
   * A parameter is invalid.
   *
   * @param field its path within the parameters; null if it is not known
   */
  static A2aError invalid(String field, String message) {
    return new A2aError(-32602, null, field, message);
  }

  static A2aError taskNotFound() {
    return new A2aError(-32001, "TASK_NOT_FOUND", null, "Task not found");
  }

  static A2aError notCancelable(String state) {
    return new A2aError(
        -32002, "TASK_NOT_CANCELABLE", null, "The task cannot be canceled: it is " + state + ".");
  }

  static A2aError noPushNotifications() {
    return new A2aError(
        -32003,
        "PUSH_NOTIFICATION_NOT_SUPPORTED",
        null,
        "Push notifications are not supported: stream the task, or poll it.");
  }

  static A2aError unsupported(String message) {
    return new A2aError(-32004, "UNSUPPORTED_OPERATION", null, message);
  }

  static A2aError contentType(String message) {
    return new A2aError(-32005, "CONTENT_TYPE_NOT_SUPPORTED", null, message);
  }

  static A2aError noExtendedCard() {
    return new A2aError(
        -32007, "EXTENDED_AGENT_CARD_NOT_CONFIGURED", null, "The agent has no extended card.");
  }

  static A2aError version() {
    return new A2aError(
        -32009,
        "VERSION_NOT_SUPPORTED",
        null,
        "This version of A2A is not supported: the agent speaks 1.0 and 0.3.");
  }

  /** The error object of a response. */
  ObjectNode json(A2aVersion dialect) {
    var error = Json.MAPPER.createObjectNode().put("code", code).put("message", getMessage());
    if (dialect == A2aVersion.V1 && reason != null) {
      error
          .putArray("data")
          .addObject()
          .put("@type", "type.googleapis.com/google.rpc.ErrorInfo")
          .put("reason", reason)
          .put("domain", DOMAIN);
    } else if (dialect == A2aVersion.V1 && field != null) {
      error
          .putArray("data")
          .addObject()
          .put("@type", "type.googleapis.com/google.rpc.BadRequest")
          .putArray("fieldViolations")
          .addObject()
          .put("field", field)
          .put("description", getMessage());
    }
    return error;
  }
}
