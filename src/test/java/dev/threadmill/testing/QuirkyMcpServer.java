package dev.threadmill.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An MCP server whose response to each method is scripted as raw text. What is not scripted is
 * answered as the protocol has it. It has the tool {@code echo}, and serves the HTTP+SSE transport
 * under {@code /sse}.
 */
public final class QuirkyMcpServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String END = "";

  private final RecordingServer receiver = RecordingServer.start();
  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final Map<String, BlockingQueue<String>> streams = new ConcurrentHashMap<>();
  private final AtomicInteger sessions = new AtomicInteger();
  private volatile String endpoint = "/messages?session=%s";

  /** Makes the response to a request. */
  @FunctionalInterface
  public interface Script {
    /** The response to this message. */
    Response respond(JsonNode message);
  }

  /** A raw HTTP response. */
  public record Response(int status, String type, String body) {}

  public QuirkyMcpServer() {
    receiver.on("/mcp", this::answer);
    receiver.on("/sse", this::stream);
    receiver.on("/messages", this::post);
  }

  /** Sets the response to requests of this method. */
  public QuirkyMcpServer on(String method, Script script) {
    scripts.put(method, script);
    return this;
  }

  /** Sets the result of requests of this method. */
  public QuirkyMcpServer result(String method, String result) {
    return on(method, message -> json(envelope(message.path("id"), result)));
  }

  /** Names this endpoint to clients of the HTTP+SSE transport. */
  public QuirkyMcpServer endpoint(String named) {
    endpoint = named;
    return this;
  }

  /** A response of JSON. */
  public static Response json(String body) {
    return new Response(200, "application/json", body);
  }

  /** A JSON-RPC response. */
  public static String envelope(JsonNode id, String result) {
    return "{\"jsonrpc\": \"2.0\", \"id\": %s, \"result\": %s}".formatted(id, result);
  }

  /** A result that is one text. */
  public static String text(String text) {
    return "{\"content\": [{\"type\": \"text\", \"text\": \"%s\"}]}".formatted(text);
  }

  public String url() {
    return receiver.url("/mcp");
  }

  public String sseUrl() {
    return receiver.url("/sse");
  }

  /** All requests as they came. */
  public List<RecordingServer.ReceivedRequest> requests() {
    return receiver.calls();
  }

  /** The messages of this method that it has received. */
  public List<JsonNode> received(String method) {
    return receiver.calls().stream()
        .filter(call -> call.method().equals("POST"))
        .map(call -> read(call.body()))
        .filter(message -> message.path("method").asText().equals(method))
        .toList();
  }

  /** The responses that it has received to requests of its own. */
  public List<JsonNode> responses() {
    return receiver.calls().stream()
        .filter(call -> call.method().equals("POST"))
        .map(call -> read(call.body()))
        .filter(message -> !message.has("method"))
        .toList();
  }

  private void answer(HttpExchange exchange, RecordingServer.ReceivedRequest call)
      throws IOException {
    if (!call.method().equals("POST")) {
      exchange.sendResponseHeaders(405, -1);
      return;
    }
    var message = read(call.body());
    var script = scripts.get(message.path("method").asText());
    if (script == null && !(message.has("id") && message.has("method"))) {
      exchange.sendResponseHeaders(202, -1);
      return;
    }
    if (message.path("method").asText().equals("initialize")) {
      exchange.getResponseHeaders().set("Mcp-Session-Id", "session-" + sessions.incrementAndGet());
    }
    var response = script == null ? json(regular(message)) : script.respond(message);
    RecordingServer.reply(exchange, response.status(), response.type(), response.body());
  }

  private void stream(HttpExchange exchange, RecordingServer.ReceivedRequest call)
      throws IOException {
    if (!call.method().equals("GET")) {
      exchange.sendResponseHeaders(405, -1);
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    var session = "s" + sessions.incrementAndGet();
    var events = new LinkedBlockingQueue<String>();
    streams.put(session, events);
    write(exchange, "event: endpoint\ndata: " + endpoint.replace("%s", session) + "\n\n");
    try {
      var next = events.poll(20, TimeUnit.SECONDS);
      while (next != null && !next.equals(END)) {
        write(exchange, "event: message\ndata: " + next + "\n\n");
        next = events.poll(20, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void post(HttpExchange exchange, RecordingServer.ReceivedRequest call)
      throws IOException {
    var message = read(call.body());
    exchange.sendResponseHeaders(202, -1);
    if (message.has("id") && message.has("method")) {
      var script = scripts.get(message.path("method").asText());
      streams
          .get(call.query().replace("session=", ""))
          .add(
              (script == null ? regular(message) : script.respond(message).body())
                  .replace("\n", " "));
    }
  }

  private static void write(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseBody().write(text.getBytes(UTF_8));
    exchange.getResponseBody().flush();
  }

  private static String regular(JsonNode message) {
    var result =
        switch (message.path("method").asText()) {
          case "initialize" ->
              """
              {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
               "serverInfo": {"name": "quirky", "version": "1"}}""";
          case "tools/list" ->
              """
              {"tools": [{"name": "echo", "inputSchema": {"type": "object",
                "properties": {"text": {"type": "string"}}}}]}""";
          default -> text("you said " + message.at("/params/arguments/text").asText());
        };
    return envelope(message.path("id"), result);
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
    streams.values().forEach(events -> events.add(END));
    receiver.close();
  }
}
