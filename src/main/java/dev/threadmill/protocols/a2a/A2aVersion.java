package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.util.Map;

/**
 * The supported versions of A2A. They differ in form: 0.3 marks the kind of an object by a field,
 * 1.0 by the name of the field that holds it.
 */
enum A2aVersion {
  V1,
  V03;

  private static final Map<String, Method> METHODS_OF_V1 =
      Map.ofEntries(
          Map.entry("SendMessage", Method.SEND),
          Map.entry("SendStreamingMessage", Method.STREAM),
          Map.entry("GetTask", Method.GET),
          Map.entry("ListTasks", Method.LIST),
          Map.entry("CancelTask", Method.CANCEL),
          Map.entry("SubscribeToTask", Method.SUBSCRIBE),
          Map.entry("CreateTaskPushNotificationConfig", Method.PUSH),
          Map.entry("GetTaskPushNotificationConfig", Method.PUSH),
          Map.entry("ListTaskPushNotificationConfigs", Method.PUSH),
          Map.entry("DeleteTaskPushNotificationConfig", Method.PUSH),
          Map.entry("GetExtendedAgentCard", Method.EXTENDED_CARD));
  private static final Map<String, Method> METHODS_OF_V03 =
      Map.of(
          "message/send", Method.SEND,
          "message/stream", Method.STREAM,
          "tasks/get", Method.GET,
          "tasks/cancel", Method.CANCEL,
          "tasks/resubscribe", Method.SUBSCRIBE,
          "tasks/pushNotificationConfig/set", Method.PUSH,
          "tasks/pushNotificationConfig/get", Method.PUSH,
          "tasks/pushNotificationConfig/list", Method.PUSH,
          "tasks/pushNotificationConfig/delete", Method.PUSH,
          "agent/getAuthenticatedExtendedCard", Method.EXTENDED_CARD);

  /** The operations of an agent. */
  enum Method {
    SEND,
    STREAM,
    GET,
    LIST,
    CANCEL,
    SUBSCRIBE,
    PUSH,
    EXTENDED_CARD
  }

  /**
   * The version of a request.
   *
   * @param version from the client; null or empty means 0.3, unless the method is one of 1.0
   */
  static A2aVersion of(String version, String method) {
    if (version == null || version.isBlank()) {
      return METHODS_OF_V1.containsKey(method) ? V1 : V03;
    }
    return switch (version.strip()) {
      case "1.0" -> V1;
      case "0.3" -> V03;
      default -> throw A2aError.version();
    };
  }

  Method method(String name) {
    var method = (this == V1 ? METHODS_OF_V1 : METHODS_OF_V03).get(name);
    if (method == null) {
      throw A2aError.noSuchMethod();
    }
    return method;
  }

  /** An object with its kind, where this version marks it by a field. */
  ObjectNode object(String kind) {
    var made = Json.MAPPER.createObjectNode();
    return this == V03 ? made.put("kind", kind) : made;
  }

  /** An object in a place that may hold several kinds. */
  JsonNode oneOf(String field, ObjectNode object) {
    return this == V03 ? object : Json.MAPPER.createObjectNode().set(field, object);
  }

  ObjectNode text(String text) {
    return object("text").put("text", text);
  }

  ObjectNode data(JsonNode data) {
    return object("data").set("data", data);
  }

  String agent() {
    return this == V1 ? "ROLE_AGENT" : "agent";
  }

  String user() {
    return this == V1 ? "ROLE_USER" : "user";
  }
}
