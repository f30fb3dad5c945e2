package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.SseParser;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.tools.mcp.McpException.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The streamable HTTP transport of MCP: each message is a POST, and what the server sends comes in
 * the response to it, as one JSON document or as server-sent events.
 *
 * <p>Which of the two it is, the first character decides, because servers are known to name the
 * wrong content type.
 */
final class StreamableHttp implements McpTransport {
  private static final String SESSION = "Mcp-Session-Id";
  private static final String TOOL_CALL = "tools/call";
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_SESSION_ID = 1_024;
  private static final int BUFFER = 8 * 1024;

  /** Statuses by which an endpoint that speaks the older transport answers a POST. */
  private static final Set<Integer> NOT_STREAMABLE = Set.of(400, 404, 405, 406, 415, 501);

  private final EgressClient http;
  private final McpEndpoint endpoint;
  private String session;
  private String version;

  StreamableHttp(EgressClient http, McpEndpoint endpoint) {
    this.http = http;
    this.endpoint = endpoint;
  }

  @Override
  public void setProtocolVersion(String agreed) {
    version = agreed;
  }

  @Override
  public void request(String method, ObjectNode message, Receiver receiver)
      throws McpException, InterruptedException {
    var headers = headers();
    if (method.equals(TOOL_CALL) && endpoint.idempotencyKey() != null) {
      headers.put("Idempotency-Key", endpoint.idempotencyKey());
    }
    try (var response = post(headers, message, endpoint.remaining())) {
      requireSuccess(response, method);
      response
          .header(SESSION)
          .filter(id -> id.matches("[!-~]{1,%d}".formatted(MAX_SESSION_ID)))
          .ifPresent(id -> session = id);
      read(response, receiver);
    }
  }

  @Override
  public void send(ObjectNode message, Duration timeout) throws McpException, InterruptedException {
    try (var response = post(headers(), message, timeout)) {
      if (response.status() == 404 && session != null) {
        throw sessionExpired();
      }
      // What a server answers to a notification does not matter.
    }
  }

  @Override
  public void close() {
    if (session == null) {
      return;
    }
    try (var _ =
        http.open(endpoint.request("DELETE", endpoint.url(), headers(), null, CLOSE_TIMEOUT))) {
      // What it answers does not matter.
    } catch (EgressException e) {
      // The session ends by the server's own timeout.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private StreamingResponse post(Map<String, String> headers, ObjectNode message, Duration timeout)
      throws McpException, InterruptedException {
    var body = message.toString().getBytes(StandardCharsets.UTF_8);
    try {
      return http.open(endpoint.request("POST", endpoint.url(), headers, body, timeout));
    } catch (EgressException e) {
      throw McpEndpoint.failure(e);
    }
  }

  private void requireSuccess(StreamingResponse response, String method) throws McpException {
    int status = response.status();
    if (status >= 200 && status < 300) {
      return;
    }
    if (status == 404 && session != null) {
      throw sessionExpired();
    }
    var text = "The MCP server answered with status %d.".formatted(status);
    if (method.equals(McpSession.INITIALIZE) && NOT_STREAMABLE.contains(status)) {
      throw new McpException(Kind.NO_STREAMABLE_HTTP, text);
    }
    boolean isUndecided = status >= 500 && status != 503;
    throw new McpException(isUndecided ? Kind.NO_RESPONSE : Kind.NOT_EXECUTED, text);
  }

  private static McpException sessionExpired() {
    return new McpException(Kind.SESSION_EXPIRED, "The MCP server ended the session.");
  }

  private void read(StreamingResponse response, Receiver receiver)
      throws McpException, InterruptedException {
    try {
      var body = new BufferedInputStream(response.body());
      if (startsWithJson(body)) {
        receiver.receive(new String(body.readAllBytes(), response.charset()));
        return;
      }
      var events = new SseParser(endpoint.maxBytes());
      var buffer = new byte[BUFFER];
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        events.feed(buffer, read);
        if (isReceived(events, receiver)) {
          return;
        }
      }
      events.end();
      isReceived(events, receiver);
    } catch (IOException e) {
      throw McpEndpoint.failure(response.toFailure(e));
    }
  }

  private static boolean isReceived(SseParser events, Receiver receiver)
      throws McpException, InterruptedException {
    for (var event = events.next(); event != null; event = events.next()) {
      if (receiver.receive(event.text())) {
        return true;
      }
    }
    return false;
  }

  private static boolean startsWithJson(InputStream body) throws IOException {
    while (true) {
      body.mark(1);
      int next = body.read();
      if (next < 0) {
        return false;
      }
      if (!Character.isWhitespace(next)) {
        body.reset();
        return next == '{' || next == '[';
      }
    }
  }

  private Map<String, String> headers() {
    var headers = new LinkedHashMap<String, String>();
    headers.put("Accept", "application/json, text/event-stream");
    if (session != null) {
      headers.put(SESSION, session);
    }
    if (version != null) {
      headers.put("MCP-Protocol-Version", version);
    }
    return headers;
  }
}
