package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.tools.mcp.McpException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * One session with an MCP server: JSON-RPC requests one after the other, on the calling thread.
 *
 * <p>It reads what servers are known to send rather than what they should: ids that come back as
 * another JSON type, batches, notifications and requests of the server between responses, error
 * objects without a message, responses without a body.
 */
final class McpSession implements AutoCloseable {
  static final String INITIALIZE = "initialize";

  private static final Logger LOG = Logger.getLogger(McpSession.class);
  private static final String NEWEST_VERSION = "2025-11-25";
  private static final Pattern VERSION = Pattern.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}");
  private static final int METHOD_NOT_FOUND = -32601;
  private static final int MAX_SERVER_REQUESTS = 100;
  private static final int MAX_ERROR = 1_000;
  private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(5);

  private final McpEndpoint endpoint;
  private final McpTransport transport;
  private final NotificationListener listener;
  private int lastId;
  private int serverRequests;
  private String calling;

  /** Takes the notifications that the server sends while a request is under way. */
  @FunctionalInterface
  interface NotificationListener {
    /** Takes one notification. */
    void onNotification(String method, JsonNode params);
  }

  private McpSession(McpEndpoint endpoint, McpTransport transport, NotificationListener listener) {
    this.endpoint = endpoint;
    this.transport = transport;
    this.listener = listener;
  }

  /**
   * Opens a session: over streamable HTTP, or over HTTP+SSE where the server takes no POST.
   *
   * @param isLegacy whether the server is known to speak HTTP+SSE only
   */
  static McpSession open(
      EgressClient http, McpEndpoint endpoint, boolean isLegacy, NotificationListener listener)
      throws McpException, InterruptedException {
    if (!isLegacy) {
      try {
        return initialized(new McpSession(endpoint, new StreamableHttp(http, endpoint), listener));
      } catch (McpException e) {
        if (e.kind() != Kind.NO_STREAMABLE_HTTP) {
          throw e;
        }
        return openLegacy(http, endpoint, listener, e);
      }
    }
    return initialized(new McpSession(endpoint, HttpWithSse.open(http, endpoint), listener));
  }

  private static McpSession openLegacy(
      EgressClient http, McpEndpoint endpoint, NotificationListener listener, McpException before)
      throws McpException, InterruptedException {
    McpTransport transport;
    try {
      transport = HttpWithSse.open(http, endpoint);
    } catch (McpException e) {
      // It supports neither transport; its answer to the newer one is the better error.
      throw new McpException(Kind.NOT_EXECUTED, before.getMessage());
    }
    return initialized(new McpSession(endpoint, transport, listener));
  }

  private static McpSession initialized(McpSession session)
      throws McpException, InterruptedException {
    boolean isDone = false;
    try {
      session.initialize();
      isDone = true;
      return session;
    } finally {
      if (!isDone) {
        session.close();
      }
    }
  }

  /** Whether the session goes over the HTTP+SSE transport. */
  boolean isLegacy() {
    return transport instanceof HttpWithSse;
  }

  private void initialize() throws McpException, InterruptedException {
    var params = Json.MAPPER.createObjectNode().put("protocolVersion", NEWEST_VERSION);
    params.putObject("capabilities");
    params.putObject("clientInfo").put("name", "threadmill").put("version", "1");
    var agreed = request(INITIALIZE, params).path("protocolVersion").asText();
    if (VERSION.matcher(agreed).matches()) {
      transport.setProtocolVersion(agreed);
    }
    notify("notifications/initialized", null, endpoint.remaining());
  }

  /**
   * Sends a request and waits for its response.
   *
   * @return the result, an empty object if the response has none
   */
  JsonNode request(String method, ObjectNode params) throws McpException, InterruptedException {
    var id = String.valueOf(++lastId);
    var message = message(method, params).put("id", lastId);
    var responses = new ResponseReader(id);
    boolean isCall = method.equals("tools/call");
    if (isCall) {
      calling = id;
    }
    transport.request(method, message, responses);
    if (responses.response == null) {
      throw new McpException(
          Kind.NO_RESPONSE, "The MCP server took the request, but sent no response to it.");
    }
    var error = responses.response.get("error");
    if (error != null && !error.isNull()) {
      throw new McpException(Kind.ERROR_RESPONSE, describe(error));
    }
    if (isCall) {
      calling = null;
    }
    return responses.response.path("result");
  }

  private void notify(String method, ObjectNode params, Duration timeout)
      throws McpException, InterruptedException {
    transport.send(message(method, params), timeout);
  }

  /**
   * Tells the server that the response to the tool call under way is not wanted any more. Does
   * nothing if no call is under way.
   */
  void cancelCall() {
    if (calling == null) {
      return;
    }
    var params = Json.MAPPER.createObjectNode();
    params.put("requestId", Integer.parseInt(calling));
    params.put("reason", "The result is not needed any more.");
    try {
      notify("notifications/cancelled", params, CANCEL_TIMEOUT);
    } catch (McpException e) {
      LOG.debugf("mcp cancel not delivered: %s", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether a tool call was sent whose response has not come. */
  boolean isCalling() {
    return calling != null;
  }

  @Override
  public void close() {
    transport.close();
  }

  private static ObjectNode message(String method, ObjectNode params) {
    var message = Json.MAPPER.createObjectNode().put("jsonrpc", "2.0").put("method", method);
    if (params != null) {
      message.set("params", params);
    }
    return message;
  }

  private static String describe(JsonNode error) {
    var text = error.isTextual() ? error.asText() : error.path("message").asText();
    var code = error.path("code");
    var shown = StorableText.of(text.length() > MAX_ERROR ? text.substring(0, MAX_ERROR) : text);
    if (shown.isBlank()) {
      return code.isNumber()
          ? "The MCP server answered with error %s.".formatted(code.asText())
          : "The MCP server answered with an error.";
    }
    return shown;
  }

  /** Finds the response to one request among the messages, and serves the others. */
  private final class ResponseReader implements McpTransport.Receiver {
    private final String id;
    private JsonNode response;

    ResponseReader(String id) {
      this.id = id;
    }

    @Override
    public boolean receive(String text) throws McpException, InterruptedException {
      if (text.isBlank()) {
        return false;
      }
      for (var message : messages(text)) {
        take(message);
      }
      return response != null;
    }

    private void take(JsonNode message) throws McpException, InterruptedException {
      var method = message.path("method");
      if (method.isTextual() && message.hasNonNull("id")) {
        answer(method.asText(), message.get("id"));
      } else if (method.isTextual()) {
        listener.onNotification(method.asText(), message.path("params"));
      } else if (isResponse(message)) {
        response = message;
      }
    }

    /** An error without an id is meant for the only request under way. */
    private boolean isResponse(JsonNode message) {
      if (message.hasNonNull("id")) {
        return message.path("id").isValueNode()
            && sameId(message.path("id").asText())
            && (message.has("result") || message.has("error"));
      }
      return message.hasNonNull("error");
    }

    /** Some servers read ids as floating-point numbers. */
    private boolean sameId(String given) {
      return given.equals(id) || given.equals(id + ".0");
    }
  }

  private static List<JsonNode> messages(String text) throws McpException {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new McpException(
          Kind.NO_RESPONSE, "What the MCP server sent is not a message of the protocol.");
    }
    if (!json.isArray()) {
      return List.of(json);
    }
    var messages = new ArrayList<JsonNode>();
    json.forEach(messages::add);
    return messages;
  }

  /** Answers a request of the server: pings with an empty result, all others with an error. */
  private void answer(String method, JsonNode id) throws McpException, InterruptedException {
    if (++serverRequests > MAX_SERVER_REQUESTS) {
      throw new McpException(
          Kind.NO_RESPONSE,
          "The MCP server sent more than %d requests of its own.".formatted(MAX_SERVER_REQUESTS));
    }
    var answer = Json.MAPPER.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", id);
    if (method.equals("ping")) {
      answer.set("result", JsonNodeFactory.instance.objectNode());
    } else {
      answer
          .putObject("error")
          .put("code", METHOD_NOT_FOUND)
          .put("message", "This client has no such method.");
    }
    transport.send(answer, endpoint.remaining());
  }
}
