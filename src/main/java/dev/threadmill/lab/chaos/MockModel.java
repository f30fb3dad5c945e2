package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.lab.provider.ChatChunk;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A mock model provider and the webhook that assistants call. The text of the user's message
 * selects the behavior; every call is counted by the number of the script.
 */
final class MockModel implements AutoCloseable {
  /** The function that the client executes, and the webhook that the server calls. */
  static final String CLIENT_TOOL = "ask_client";

  static final String WEBHOOK_TOOL = "note_down";

  private static final Pattern SCRIPT = Pattern.compile("script (\\d+): (\\w+) of (\\d+) words");
  private static final int PAUSE_MS = 30;
  private static final int TOKENS = 10;

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final Map<Integer, AtomicInteger> calls = new ConcurrentHashMap<>();
  private final Map<Integer, Set<String>> keys = new ConcurrentHashMap<>();
  private final int port;

  MockModel() {
    port =
        vertx
            .createHttpServer(new HttpServerOptions().setTcpNoDelay(true))
            .requestHandler(this::handle)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join()
            .actualPort();
  }

  /** The user's message that selects this behavior. */
  static String question(int script, Scenario scenario, int words) {
    return "script %d: %s of %d words".formatted(script, scenario.name(), words);
  }

  /** The final answer of this many words. */
  static String answer(int words) {
    return IntStream.range(0, words).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  String baseUrl() {
    return "http://127.0.0.1:" + port + "/v1";
  }

  String webhook() {
    return "http://127.0.0.1:" + port + "/note";
  }

  /** The number of model calls of a script. */
  int calls(int script) {
    return calls.getOrDefault(script, new AtomicInteger()).get();
  }

  /** The idempotency keys that the webhook has received from a script. */
  Set<String> toolKeys(int script) {
    return keys.getOrDefault(script, Set.of());
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private void handle(HttpServerRequest request) {
    request
        .body()
        .onSuccess(
            body -> {
              // The node may have been killed since it sent the request.
              request.response().exceptionHandler(_ -> {});
              if (request.path().equals("/note")) {
                noteDown(request, Json.tree(body.toString()));
              } else {
                answer(request.response(), Json.tree(body.toString()));
              }
            });
  }

  private void noteDown(HttpServerRequest request, JsonNode arguments) {
    keys.computeIfAbsent(arguments.path("script").asInt(), _ -> ConcurrentHashMap.newKeySet())
        .add(request.getHeader("Idempotency-Key"));
    request.response().putHeader("content-type", "application/json").end("{\"noted\": true}");
  }

  private void answer(HttpServerResponse response, JsonNode body) {
    var messages = body.path("messages");
    var matcher = SCRIPT.matcher(messages.toString());
    if (!matcher.find()) {
      response
          .setStatusCode(400)
          .end("{\"error\": {\"message\": \"the user message selects no script\"}}");
      return;
    }
    int script = Integer.parseInt(matcher.group(1));
    var scenario = Scenario.valueOf(matcher.group(2));
    calls.computeIfAbsent(script, _ -> new AtomicInteger()).incrementAndGet();
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    boolean answered = messages.get(messages.size() - 1).path("role").asText().equals("tool");
    if (scenario.tool != null && !answered) {
      call(response, scenario.tool, script);
    } else {
      int words = Integer.parseInt(matcher.group(3));
      write(response, answer(words).splitWithDelimiters(" ", 0), 0, scenario.pauses ? PAUSE_MS : 0);
    }
  }

  private void call(HttpServerResponse response, String tool, int script) {
    var call =
        """
        {"tool_calls": [{"index": 0, "id": "call_%d", "type": "function",
          "function": {"name": "%s", "arguments": "{\\"script\\": %d}"}}]}"""
            .formatted(script, tool, script);
    response.end(ChatChunk.of(call.replace("\n", "")) + ChatChunk.end("tool_calls", TOKENS));
  }

  private void write(HttpServerResponse response, String[] pieces, int from, int pause) {
    int next = from;
    while (next < pieces.length && !response.closed()) {
      if (response.writeQueueFull()) {
        int rest = next;
        response.drainHandler(_ -> write(response, pieces, rest, pause));
        return;
      }
      response.write(ChatChunk.of("{\"content\": \"" + pieces[next++] + "\"}"));
      if (pause > 0 && next < pieces.length) {
        int rest = next;
        vertx.setTimer(pause, _ -> write(response, pieces, rest, pause));
        return;
      }
    }
    if (!response.closed()) {
      response.end(ChatChunk.end("stop", TOKENS));
    }
  }
}
