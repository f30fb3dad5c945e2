package dev.threadmill.tools.mcp;

import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.SseReader;
import dev.threadmill.egress.StreamingResponse;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.ProtocolVersions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Streamable HTTP for the client of the MCP SDK, on the one way by which tools may call the
 * outside. It serves one session: requests go out as POST, and what the server has to say comes in
 * the answers to them. A connection that nobody waits for any more is closed, not left to its time.
 */
final class McpTransport implements McpClientTransport {
  private static final String SESSION = "Mcp-Session-Id";
  private static final Duration LONGEST_GOODBYE = Duration.ofSeconds(5);
  private static final List<String> VERSIONS =
      List.of(
          ProtocolVersions.MCP_2025_03_26,
          ProtocolVersions.MCP_2025_06_18,
          ProtocolVersions.MCP_2025_11_25);

  private final Scheduler threads =
      Schedulers.fromExecutorService(Executors.newVirtualThreadPerTaskExecutor());
  private final EgressClient http;
  private final McpJsonMapper json;
  private final Target target;
  private Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler;
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private volatile String session;
  private volatile String version;
  private volatile EgressException failure;
  private final Set<Thread> sending = ConcurrentHashMap.newKeySet();
  private volatile Object call;
  private volatile boolean isOver;
  private final AtomicBoolean isAbandoned = new AtomicBoolean();

  /**
   * Where the session is held, and how.
   *
   * @param idempotencyKey of the call that the session is for; null if it only asks for the tools
   */
  record Target(
      String url,
      Map<String, String> credentials,
      List<AllowedDomains> domains,
      Duration timeout,
      int maxBytes,
      String idempotencyKey) {}

  McpTransport(EgressClient http, McpJsonMapper json, Target target) {
    this.http = http;
    this.json = json;
    this.target = target;
  }

  /** The server answered with a status that is not a success. */
  static final class StatusException extends IOException {
    private static final long serialVersionUID = 1;

    StatusException(int status) {
      super("The MCP server answered with status %d.".formatted(status));
    }
  }

  /** What the outside call failed with, or null if none did. */
  EgressException failure() {
    return failure;
  }

  /** Whether a tool was called, so that nobody knows whether it had its effect. */
  boolean hasSentToolCall() {
    return call != null;
  }

  /**
   * Ends the session whatever it is at. The server is told so, and that a call is not wanted any
   * more, as far as it listens; nobody waits for that.
   *
   * @param isCalledOff whether the server is to stop what it does for the call under way
   */
  void shutdown(boolean isCalledOff) {
    isOver = true;
    sending.forEach(Thread::interrupt);
    if (isAbandoned.getAndSet(true)) {
      return;
    }
    Thread.ofVirtual()
        .name("mcp-end")
        .start(
            () -> {
              if (isCalledOff && call != null) {
                sayNotWanted();
              }
              endSession();
              threads.dispose();
            });
  }

  @Override
  public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> onMessage) {
    this.handler = onMessage;
    return Mono.empty();
  }

  @Override
  public Mono<Void> sendMessage(JSONRPCMessage message) {
    return Mono.<Void>fromCallable(
            () -> {
              sending.add(Thread.currentThread());
              try {
                if (!isOver) {
                  send(message);
                }
                return null;
              } catch (IOException | InterruptedException e) {
                if (isOver) {
                  // Nobody waits for it.
                  return null;
                }
                throw e;
              } finally {
                sending.remove(Thread.currentThread());
              }
            })
        .subscribeOn(threads);
  }

  @Override
  public Mono<Void> closeGracefully() {
    return Mono.fromRunnable(() -> shutdown(false));
  }

  @Override
  public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
    return json.convertValue(data, type);
  }

  @Override
  public List<String> protocolVersions() {
    return VERSIONS;
  }

  private void send(JSONRPCMessage message) throws IOException, InterruptedException {
    var headers = headers();
    headers.put("Content-Type", "application/json");
    if (message instanceof McpSchema.JSONRPCRequest request
        && request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
      call = request.id();
      if (target.idempotencyKey() != null) {
        headers.put("Idempotency-Key", target.idempotencyKey());
      }
    }
    try (var answer =
        http.open(request("POST", headers, json.writeValueAsBytes(message), target.timeout()))) {
      if (answer.status() >= 300) {
        throw new StatusException(answer.status());
      }
      answer.header(SESSION).ifPresent(id -> session = id);
      read(answer);
      if (message instanceof McpSchema.JSONRPCRequest request
          && !answered.contains(String.valueOf(request.id()))) {
        // Whoever waits for it need not wait until the time is up.
        throw new IOException("the answer does not answer the request");
      }
    } catch (EgressException e) {
      failure = e;
      throw new IOException(e.getMessage(), e);
    }
  }

  private void read(StreamingResponse answer) throws IOException {
    if (answer.mediaType().equals(SseReader.MEDIA_TYPE)) {
      readEvents(answer);
    } else if (answer.mediaType().equals("application/json")) {
      take(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private void readEvents(StreamingResponse answer) throws IOException {
    var events = new SseReader(answer);
    for (var event = events.next(); event != null; event = events.next()) {
      take(event.text().strip());
    }
  }

  private void take(String text) throws IOException {
    if (!text.isBlank()) {
      var message = McpSchema.deserializeJsonRpcMessage(json, text);
      if (message instanceof McpSchema.JSONRPCResponse response) {
        answered.add(String.valueOf(response.id()));
      }
      if (message instanceof McpSchema.JSONRPCResponse response
          && response.result() instanceof Map<?, ?> result
          && result.get("protocolVersion") instanceof String agreed) {
        version = agreed;
      }
      handler.apply(Mono.just(message)).subscribe();
    }
  }

  private void sayNotWanted() {
    var params = Map.of("requestId", call, "reason", "The answer is not wanted any more.");
    var headers = headers();
    headers.put("Content-Type", "application/json");
    try {
      goodbye(
          "POST",
          headers,
          json.writeValueAsBytes(
              new McpSchema.JSONRPCNotification(
                  McpSchema.JSONRPC_VERSION, "notifications/cancelled", params)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void endSession() {
    if (session != null) {
      goodbye("DELETE", headers(), null);
    }
  }

  private void goodbye(String method, Map<String, String> headers, byte[] body) {
    var timeout =
        target.timeout().compareTo(LONGEST_GOODBYE) < 0 ? target.timeout() : LONGEST_GOODBYE;
    try (var _ = http.open(request(method, headers, body, timeout))) {
      // What it answers does not matter.
    } catch (EgressException e) {
      // The server finds out by itself some time.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map<String, String> headers() {
    var headers = new LinkedHashMap<String, String>();
    headers.put("Accept", "application/json, text/event-stream");
    headers.put("User-Agent", "Threadmill");
    if (session != null) {
      headers.put(SESSION, session);
    }
    if (version != null) {
      headers.put("MCP-Protocol-Version", version);
    }
    return headers;
  }

  private EgressRequest request(
      String method, Map<String, String> headers, byte[] body, Duration timeout) {
    return new EgressRequest(
        method,
        target.url(),
        headers,
        target.credentials(),
        body,
        target.domains(),
        timeout,
        target.maxBytes());
  }
}
