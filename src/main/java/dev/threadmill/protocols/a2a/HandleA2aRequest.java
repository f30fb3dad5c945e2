package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.assistants.Assistant;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/** Handles a JSON-RPC request of A2A. */
@ApplicationScoped
class HandleA2aRequest {
  private static final MediaType JSON = MediaType.APPLICATION_JSON_TYPE;
  private static final int TOO_MANY = 429;

  private final A2aTasks tasks;

  HandleA2aRequest(A2aTasks tasks) {
    this.tasks = tasks;
  }

  /** A request that was read. */
  private record RpcRequest(
      A2aVersion dialect, A2aVersion.Method method, JsonNode id, JsonNode params) {}

  /**
   * Answers a request. Every error of the client is a JSON-RPC error.
   *
   * @param version of A2A that the client names; null for none
   * @param lastEventId behind which a stream resumes; null for its start
   */
  Response answer(Assistant assistant, String version, String lastEventId, byte[] body)
      throws InterruptedException {
    JsonNode id = NullNode.instance;
    var dialect = A2aVersion.V1;
    try {
      var request = read(body);
      id = request.path("id").isContainerNode() ? id : request.path("id");
      id = id.isMissingNode() ? NullNode.instance : id;
      dialect = A2aVersion.of(version, request.path("method").asText());
      var rpc = new RpcRequest(dialect, method(dialect, request), id, request.path("params"));
      return switch (answer(assistant, rpc, lastEventId)) {
        case EventStream stream -> Response.ok(stream, MediaType.SERVER_SENT_EVENTS_TYPE).build();
        case JsonNode result -> Response.ok(envelope(id, "result", result)).type(JSON).build();
        default -> throw new IllegalStateException();
      };
    } catch (A2aError e) {
      return Response.ok(envelope(id, "error", e.json(dialect))).type(JSON).build();
    } catch (ApiException e) {
      return refused(id, dialect, e);
    }
  }

  private static JsonNode read(byte[] body) {
    JsonNode request;
    try {
      request = JsonBody.read(body, JsonNode.class);
    } catch (ApiException e) {
      throw A2aError.notJson();
    }
    if (!request.isObject()
        || !"2.0".equals(request.path("jsonrpc").asText())
        || !request.path("method").isTextual()) {
      throw A2aError.notARequest(
          "Expected a request of JSON-RPC 2.0: an object with a 'method' that is a string.");
    }
    return request;
  }

  private static A2aVersion.Method method(A2aVersion dialect, JsonNode request) {
    var method = dialect.method(request.path("method").textValue());
    var params = request.path("params");
    if (!params.isObject() && method != A2aVersion.Method.EXTENDED_CARD) {
      throw A2aError.invalid("params", "Expected an object.");
    }
    return method;
  }

  private Object answer(Assistant assistant, RpcRequest rpc, String lastEventId)
      throws InterruptedException {
    var dialect = rpc.dialect();
    var params = rpc.params();
    return switch (rpc.method()) {
      case SEND -> tasks.send(assistant, dialect, params);
      case STREAM -> tasks.stream(assistant, dialect, rpc.id(), params);
      case GET -> tasks.get(assistant, dialect, params);
      case LIST -> tasks.list(assistant, dialect, params);
      case CANCEL -> tasks.cancel(assistant, dialect, params);
      case SUBSCRIBE -> tasks.subscribe(assistant, dialect, rpc.id(), params, lastEventId);
      case PUSH -> throw A2aError.noPushNotifications();
      case EXTENDED_CARD ->
          throw dialect == A2aVersion.V1
              ? A2aError.unsupported("The agent has no extended card.")
              : A2aError.noExtendedCard();
    };
  }

  /** Limits and outages keep their HTTP status, which clients and proxies know how to retry. */
  private static Response refused(JsonNode id, A2aVersion dialect, ApiException e) {
    if (e.httpStatus() >= TOO_MANY) {
      throw e;
    }
    var error = A2aError.invalid(e.param().orElse(null), e.error().message());
    return Response.ok(envelope(id, "error", error.json(dialect))).type(JSON).build();
  }

  private static String envelope(JsonNode id, String field, JsonNode value) {
    ObjectNode answer = Json.MAPPER.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", id);
    answer.set(field, value);
    return answer.toString();
  }
}
