package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.SseReader;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.tools.mcp.McpException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The HTTP+SSE transport of MCP 2024-11-05: one long GET brings all messages of the server,
 * beginning with the address that messages are posted to.
 */
final class HttpWithSse implements McpTransport {
  private static final String ENDPOINT_EVENT = "endpoint";

  private final EgressClient http;
  private final McpEndpoint endpoint;
  private final StreamingResponse stream;
  private final SseReader events;
  private final String address;

  private HttpWithSse(
      EgressClient http,
      McpEndpoint endpoint,
      StreamingResponse stream,
      SseReader events,
      String address) {
    this.http = http;
    this.endpoint = endpoint;
    this.stream = stream;
    this.events = events;
    this.address = address;
  }

  /** Opens the stream and waits for the address of the session. */
  static HttpWithSse open(EgressClient http, McpEndpoint endpoint)
      throws McpException, InterruptedException {
    StreamingResponse stream;
    try {
      stream =
          http.open(
              endpoint.request(
                  "GET",
                  endpoint.url(),
                  Map.of("Accept", "text/event-stream"),
                  null,
                  endpoint.remaining()));
    } catch (EgressException e) {
      throw McpEndpoint.failure(e);
    }
    boolean isOpen = false;
    try {
      if (stream.status() != 200) {
        throw new McpException(
            Kind.NOT_EXECUTED,
            "The MCP server answered with status %d.".formatted(stream.status()));
      }
      var events = new SseReader(stream);
      for (var event = events.next(); event != null; event = events.next()) {
        if (event.name().equals(ENDPOINT_EVENT)) {
          var opened =
              new HttpWithSse(http, endpoint, stream, events, address(endpoint, event.text()));
          isOpen = true;
          return opened;
        }
      }
      throw new McpException(Kind.NOT_EXECUTED, "The MCP server named no endpoint of a session.");
    } catch (IOException e) {
      throw McpEndpoint.failure(stream.toFailure(e));
    } finally {
      if (!isOpen) {
        stream.close();
      }
    }
  }

  /** Credentials go to the posted address too, so it has to be of the server's own origin. */
  private static String address(McpEndpoint endpoint, String named) throws McpException {
    try {
      var server = URI.create(endpoint.url());
      var address = server.resolve(named.strip());
      if (origin(server).equals(origin(address))) {
        return address.toString();
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw new McpException(
        Kind.NOT_EXECUTED, "The MCP server named an endpoint that is not of its own origin.");
  }

  private static String origin(URI uri) {
    return (uri.getScheme() + "://" + uri.getRawAuthority()).toLowerCase(Locale.ROOT);
  }

  @Override
  public void setProtocolVersion(String version) {
    // This transport names no version in its requests.
  }

  @Override
  public void request(String method, ObjectNode message, Receiver receiver)
      throws McpException, InterruptedException {
    var failure = new AtomicReference<McpException>();
    // The server may fill the stream before it answers the POST, so the POST has its own thread.
    var sender =
        Thread.ofVirtual()
            .name("mcp-post")
            .start(
                () -> {
                  try {
                    post(message, endpoint.remaining());
                  } catch (McpException e) {
                    failure.set(e);
                    stream.close();
                  } catch (InterruptedException e) {
                    // The response is there, or is not waited for any more.
                  }
                });
    try {
      for (var event = events.next(); event != null; event = events.next()) {
        if (!event.name().equals(ENDPOINT_EVENT) && receiver.receive(event.text())) {
          return;
        }
      }
    } catch (IOException e) {
      if (failure.get() == null) {
        throw McpEndpoint.failure(stream.toFailure(e));
      }
    } finally {
      sender.interrupt();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  @Override
  public void send(ObjectNode message, Duration timeout) throws McpException, InterruptedException {
    post(message, timeout);
  }

  private void post(ObjectNode message, Duration timeout)
      throws McpException, InterruptedException {
    var body = message.toString().getBytes(StandardCharsets.UTF_8);
    try (var response = http.open(endpoint.request("POST", address, Map.of(), body, timeout))) {
      int status = response.status();
      if (status < 200 || status >= 300) {
        boolean isUndecided = status >= 500 && status != 503;
        throw new McpException(
            status == 404
                ? Kind.SESSION_EXPIRED
                : isUndecided ? Kind.NO_RESPONSE : Kind.NOT_EXECUTED,
            "The MCP server answered with status %d.".formatted(status));
      }
    } catch (EgressException e) {
      throw McpEndpoint.failure(e);
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}
