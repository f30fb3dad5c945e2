package dev.threadmill.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** An HTTP server for tools to call, which records the requests. */
public final class RecordingServer implements AutoCloseable {
  private final Map<String, Handler> handlers = new ConcurrentHashMap<>();
  private final HttpServer server;
  private final List<ReceivedRequest> calls = new CopyOnWriteArrayList<>();

  /**
   * A received request.
   *
   * @param headers by lower-case name
   */
  public record ReceivedRequest(
      String method, String path, String query, Map<String, String> headers, String body) {
    public String header(String name) {
      return headers.get(name);
    }
  }

  /** Produces a response. */
  @FunctionalInterface
  public interface Handler {
    void answer(HttpExchange exchange, ReceivedRequest call) throws IOException;
  }

  private RecordingServer(HttpServer server) {
    this.server = server;
  }

  /** Starts a server on the usual loopback address. */
  public static RecordingServer start() {
    return on("127.0.0.1");
  }

  /** Starts a server on another address of this machine. */
  public static RecordingServer on(String address) {
    try {
      var server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), 0), 50);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.start();
      return new RecordingServer(server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sets the handler of this path and those below it, in place of one that it has. */
  public RecordingServer on(String path, Handler handler) {
    if (handlers.put(path, handler) == null) {
      server.createContext(
          path,
          exchange -> {
            try (exchange) {
              var call = read(exchange);
              calls.add(call);
              handlers.get(path).answer(exchange, call);
            }
          });
    }
    return this;
  }

  /** A handler that responds with JSON. */
  public static Handler json(int status, String body) {
    return (exchange, _) -> reply(exchange, status, "application/json", body);
  }

  /** A handler that redirects to this location. */
  public static Handler redirect(int status, String location) {
    return (exchange, _) -> {
      exchange.getResponseHeaders().set("Location", location);
      exchange.sendResponseHeaders(status, -1);
    };
  }

  public static void reply(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** A response of these bytes as they are. */
  public static void replyBytes(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public String url(String path) {
    return "http://" + server.getAddress().getAddress().getHostAddress() + ":" + port() + path;
  }

  public List<ReceivedRequest> calls() {
    return List.copyOf(calls);
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private static ReceivedRequest read(HttpExchange exchange) throws IOException {
    var headers = new LinkedHashMap<String, String>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
    var uri = exchange.getRequestURI();
    return new ReceivedRequest(
        exchange.getRequestMethod(),
        uri.getRawPath(),
        uri.getRawQuery(),
        headers,
        new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
  }
}
