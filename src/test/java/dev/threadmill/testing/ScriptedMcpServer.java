package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An MCP server with misbehavior that a real one should not show. It has one tool, {@code echo}.
 */
public final class ScriptedMcpServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RecordingServer receiver = RecordingServer.start();
  private final Map<String, Behavior> manners = new ConcurrentHashMap<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicInteger leftAlone = new AtomicInteger();

  /** The way of responding to a request. */
  public enum Behavior {
    /** One byte at a time. */
    DRIPPING,
    /** No byte at all. */
    HANGING,
    /** A stream of comments until the other side disconnects. */
    CHATTING
  }

  public ScriptedMcpServer() {
    receiver.on("/mcp", this::answer);
  }

  /** Sets the behavior for requests of this method. */
  public ScriptedMcpServer on(String method, Behavior manner) {
    manners.put(method, manner);
    return this;
  }

  public String url() {
    return receiver.url("/mcp");
  }

  /** The received messages of this method. */
  public List<JsonNode> got(String method) {
    return receiver.calls().stream()
        .filter(call -> call.method().equals("POST"))
        .map(call -> read(call.body()))
        .filter(message -> message.path("method").asText().equals(method))
        .toList();
  }

  /** The number of sessions that the client has ended. */
  public long ended() {
    return receiver.calls().stream().filter(call -> call.method().equals("DELETE")).count();
  }

  /** The number of endless streams that the client has closed. */
  public int left() {
    return leftAlone.get();
  }

  private void answer(HttpExchange exchange, RecordingServer.ReceivedRequest call)
      throws IOException {
    if (call.method().equals("DELETE")) {
      exchange.sendResponseHeaders(204, -1);
      return;
    }
    var message = read(call.body());
    if (!message.has("id")) {
      exchange.sendResponseHeaders(202, -1);
      return;
    }
    var method = message.path("method").asText();
    var answer =
        "{\"jsonrpc\": \"2.0\", \"id\": %s, \"result\": %s}"
            .formatted(message.path("id"), result(method, message.path("params")));
    exchange.getResponseHeaders().set("Mcp-Session-Id", "session-1");
    switch (manners.get(method)) {
      case DRIPPING -> drip(exchange, answer);
      case HANGING -> hang();
      case CHATTING -> chat(exchange);
      case null -> RecordingServer.reply(exchange, 200, "application/json", answer);
    }
  }

  private static String result(String method, JsonNode params) {
    return switch (method) {
      case "initialize" ->
          """
          {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
           "serverInfo": {"name": "scripted", "version": "1"}}""";
      case "tools/list" ->
          """
          {"tools": [{"name": "echo", "inputSchema": {"type": "object",
            "properties": {"text": {"type": "string"}}}}]}""";
      default ->
          "{\"content\": [{\"type\": \"text\", \"text\": \"you said %s\"}]}"
              .formatted(params.at("/arguments/text").asText());
    };
  }

  private void drip(HttpExchange exchange, String answer) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    for (byte each : answer.getBytes(StandardCharsets.UTF_8)) {
      exchange.getResponseBody().write(each);
      exchange.getResponseBody().flush();
    }
  }

  private void hang() {
    try {
      over.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void chat(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try {
      while (!over.await(20, TimeUnit.MILLISECONDS)) {
        exchange.getResponseBody().write(": still there\n".getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
      }
    } catch (IOException e) {
      leftAlone.incrementAndGet();
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static JsonNode read(String body) {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new IllegalStateException(body, e);
    }
  }

  @Override
  public void close() {
    over.countDown();
    receiver.close();
  }
}
