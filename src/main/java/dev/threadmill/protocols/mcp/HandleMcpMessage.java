package dev.threadmill.protocols.mcp;

import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.runs.api.RunClient;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.ProtocolVersions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Handles the messages of MCP clients. No state is kept between two messages, so every node answers
 * every client: a stateless server in terms of the SDK. A tool call is answered by a stream that
 * follows its run and holds no thread.
 */
@ApplicationScoped
class HandleMcpMessage {
  static final List<String> VERSIONS =
      List.of(
          ProtocolVersions.MCP_2025_03_26,
          ProtocolVersions.MCP_2025_06_18,
          ProtocolVersions.MCP_2025_11_25);
  static final McpJsonMapper JSON =
      new JacksonMcpJsonMapper(
          JsonMapper.builder(
                  com.fasterxml.jackson.core.JsonFactory.builder()
                      .streamReadConstraints(
                          StreamReadConstraints.builder().maxNestingDepth(200).build())
                      .build())
              .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
              .build());

  private static final Logger LOG = Logger.getLogger(HandleMcpMessage.class);
  private static final String CANCELLED = "notifications/cancelled";
  private static final String SESSION = "Mcp-Session-Id";
  private static final String REQUEST_OF_RUN = "mcp_request";
  private static final int MAX_METADATA = 512;

  private final AssistantTools tools;
  private final RunClient runs;
  private final Ids ids;

  HandleMcpMessage(AssistantTools tools, RunClient runs, Ids ids) {
    this.tools = tools;
    this.runs = runs;
    this.ids = ids;
  }

  /**
   * A message with its headers. All but project and body may be null.
   *
   * @param key the idempotency key of a tool call
   */
  record Request(
      ProjectId project, String accept, String session, String version, String key, byte[] body) {}

  Response answer(Request request) {
    if (request.version() != null && !VERSIONS.contains(request.version())) {
      return refused(
          400, McpSchema.ErrorCodes.INVALID_REQUEST, "Unsupported MCP-Protocol-Version.");
    }
    String body;
    Map<?, ?> fields;
    try {
      body = JsonBody.text(request.body());
      if (!(JSON.readValue(body, Object.class) instanceof Map<?, ?> object)) {
        return refused(
            400, McpSchema.ErrorCodes.INVALID_REQUEST, "Expected one JSON-RPC message: an object.");
      }
      fields = object;
    } catch (ApiException e) {
      return refused(e.httpStatus(), McpSchema.ErrorCodes.PARSE_ERROR, e.error().message());
    } catch (IOException e) {
      return refused(400, McpSchema.ErrorCodes.PARSE_ERROR, "The body is not valid JSON.");
    }
    McpSchema.JSONRPCMessage message;
    try {
      requireEnvelope(fields);
      message = McpSchema.deserializeJsonRpcMessage(JSON, body);
    } catch (IOException | IllegalArgumentException e) {
      return refused(
          400,
          McpSchema.ErrorCodes.INVALID_REQUEST,
          "The body is not a message of MCP: expected JSON-RPC 2.0 with a 'method' that is a string,"
              + " and in a request an 'id' that is a string or a number.");
    }
    return switch (message) {
      case JSONRPCRequest rpc when rpc.id() == null || rpc.method() == null ->
          refused(400, McpSchema.ErrorCodes.INVALID_REQUEST, "The request has no id or no method.");
      case JSONRPCRequest rpc -> answer(request, rpc);
      case McpSchema.JSONRPCNotification notification -> {
        if (CANCELLED.equals(notification.method())) {
          cancel(request, notification);
        }
        yield Response.accepted().build();
      }
      // The server sends no requests, so a response answers none of them.
      case JSONRPCResponse _ -> Response.accepted().build();
    };
  }

  /** The SDK converts fields of other types, and would answer requests that were not sent. */
  private static void requireEnvelope(Map<?, ?> fields) {
    var id = fields.get("id");
    var method = fields.get("method");
    if (!McpSchema.JSONRPC_VERSION.equals(fields.get("jsonrpc"))
        || (method != null && !(method instanceof String))
        || (id != null && !(id instanceof String) && !(id instanceof Number))) {
      throw new IllegalArgumentException("not an envelope of JSON-RPC 2.0");
    }
  }

  private Response answer(Request request, JSONRPCRequest rpc) {
    return switch (rpc.method()) {
      case McpSchema.METHOD_INITIALIZE ->
          json(handleNow(new SingleRequestServer(List.of()), rpc))
              .header(SESSION, ids.next("mcp_"))
              .build();
      case McpSchema.METHOD_TOOLS_LIST ->
          json(handleNow(
                  new SingleRequestServer(tools.of(request.project(), AssistantTools.LIST_ONLY)),
                  rpc))
              .build();
      case McpSchema.METHOD_TOOLS_CALL -> call(request, rpc);
      default -> json(handleNow(new SingleRequestServer(List.of()), rpc)).build();
    };
  }

  private Response call(Request request, JSONRPCRequest rpc) {
    if (!(rpc.params() instanceof Map<?, ?> params)
        || !(params.get("name") instanceof String)
        || !isObject(params.get("arguments"))
        || !isObject(params.get("_meta"))) {
      return json(failed(
              rpc,
              McpSchema.ErrorCodes.INVALID_PARAMS,
              "Expected params with a 'name', and with 'arguments' that are an object."))
          .build();
    }
    if (!acceptsEventStream(request.accept())) {
      return refused(
          406,
          McpSchema.ErrorCodes.INVALID_REQUEST,
          "Tool calls are answered as text/event-stream, which the Accept header does not allow.");
    }
    var call =
        new AssistantToolCall(
            request.project(),
            request.key() != null ? request.key() : keyOf(params),
            cancellationMark(request.session(), rpc.id()),
            progressToken(params));
    var answers =
        new SingleRequestServer(tools.of(request.project(), call))
            .handler()
            .handleRequest(McpTransportContext.EMPTY, rpc);
    answers.subscribe(call::answered, call::failed);
    if (call.failure() != null) {
      throw call.failure();
    }
    EventStream stream = call.stream();
    if (stream == null) {
      return json(call.answer() == null ? broken(rpc) : withoutInternals(call.answer())).build();
    }
    return Response.ok(stream, MediaType.SERVER_SENT_EVENTS_TYPE).build();
  }

  /** Handles a request that is answered at once. */
  private static JSONRPCResponse handleNow(SingleRequestServer server, JSONRPCRequest rpc) {
    return withoutInternals(server.handler().handleRequest(McpTransportContext.EMPTY, rpc).block());
  }

  /** The SDK reports parameters that it cannot read as internal errors. */
  private static JSONRPCResponse withoutInternals(JSONRPCResponse answer) {
    var error = answer.error();
    return error == null || error.code() != McpSchema.ErrorCodes.INTERNAL_ERROR
        ? answer
        : failure(answer.id(), McpSchema.ErrorCodes.INVALID_PARAMS, "Invalid params.");
  }

  private void cancel(Request request, McpSchema.JSONRPCNotification notification) {
    if (!(notification.params() instanceof Map<?, ?> params) || params.get("requestId") == null) {
      return;
    }
    var mark = cancellationMark(request.session(), params.get("requestId"));
    if (mark.isEmpty()) {
      return;
    }
    for (var run : runs.active(request.project(), REQUEST_OF_RUN, mark.get(REQUEST_OF_RUN))) {
      try {
        runs.cancel(request.project(), run.snapshot().thread(), run.snapshot().id());
      } catch (ApiException e) {
        LOG.debugf("nothing to cancel run_id=%s", run.snapshot().id());
      }
    }
  }

  /** The metadata of a run by which its caller can cancel it on any node. */
  private static Map<String, String> cancellationMark(String session, Object request) {
    var mark = session + "/" + request;
    return session == null || session.isBlank() || mark.length() > MAX_METADATA
        ? Map.of()
        : Map.of(REQUEST_OF_RUN, mark);
  }

  private static boolean acceptsEventStream(String accept) {
    return accept == null
        || accept.contains("*/*")
        || accept.contains("text/*")
        || accept.contains(MediaType.SERVER_SENT_EVENTS);
  }

  private static boolean isObject(Object value) {
    return value == null || value instanceof Map<?, ?>;
  }

  private static String keyOf(Map<?, ?> params) {
    return params.get("_meta") instanceof Map<?, ?> meta
            && meta.get("threadmill/idempotency-key") instanceof String key
        ? key
        : null;
  }

  private static Object progressToken(Map<?, ?> params) {
    return params.get("_meta") instanceof Map<?, ?> meta ? meta.get("progressToken") : null;
  }

  private static JSONRPCResponse broken(JSONRPCRequest rpc) {
    return failed(rpc, McpSchema.ErrorCodes.INTERNAL_ERROR, "The call could not be made.");
  }

  private static JSONRPCResponse failed(JSONRPCRequest rpc, int code, String message) {
    return failure(rpc.id(), code, message);
  }

  private static JSONRPCResponse failure(Object id, int code, String message) {
    return new JSONRPCResponse(
        McpSchema.JSONRPC_VERSION, id, null, new JSONRPCResponse.JSONRPCError(code, message, null));
  }

  private static Response.ResponseBuilder json(JSONRPCResponse answer) {
    return Response.ok(text(answer), MediaType.APPLICATION_JSON_TYPE);
  }

  private static Response refused(int status, int code, String message) {
    return Response.status(status)
        .type(MediaType.APPLICATION_JSON_TYPE)
        .entity(text(failure(null, code, message)))
        .build();
  }

  /** The JSON of a message, on one line. */
  static String text(Object message) {
    try {
      return JSON.writeValueAsString(message);
    } catch (IOException e) {
      throw new IllegalStateException("cannot write " + message.getClass().getName(), e);
    }
  }
}
