package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.lab.bench.ChatChunk;
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
 * Stands in for a model provider, and for the webhook that assistants call. It does what the user's
 * message asks for, and notes down every call by the number of the story that it belongs to.
 */
final class MockModel implements AutoCloseable {
  /** The tool that the client answers, and the one that the server calls. */
  static final String CLIENT_TOOL = "ask_client";

  static final String WEBHOOK_TOOL = "note_down";

  private static final Pattern STORY = Pattern.compile("story (\\d+): (\\w+) of (\\d+) words");
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

  /** What the user says to have it answer so. */
  static String question(int story, Scenario plot, int words) {
    return "story %d: %s of %d words".formatted(story, plot.name(), words);
  }

  /** What it answers in the end. */
  static String answer(int words) {
    return IntStream.range(0, words).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  String baseUrl() {
    return "http://127.0.0.1:" + port + "/v1";
  }

  String webhook() {
    return "http://127.0.0.1:" + port + "/note";
  }

  /** How often it was called for a story. */
  int calls(int story) {
    return calls.getOrDefault(story, new AtomicInteger()).get();
  }

  /** The keys under which the webhook was called for a story. */
  Set<String> toolKeys(int story) {
    return keys.getOrDefault(story, Set.of());
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
              // Whoever asked may have been killed meanwhile.
              request.response().exceptionHandler(_ -> {});
              if (request.path().equals("/note")) {
                noteDown(request, Json.tree(body.toString()));
              } else {
                answer(request.response(), Json.tree(body.toString()));
              }
            });
  }

  private void noteDown(HttpServerRequest request, JsonNode arguments) {
    keys.computeIfAbsent(arguments.path("story").asInt(), _ -> ConcurrentHashMap.newKeySet())
        .add(request.getHeader("Idempotency-Key"));
    request.response().putHeader("content-type", "application/json").end("{\"noted\": true}");
  }

  private void answer(HttpServerResponse response, JsonNode body) {
    var messages = body.path("messages");
    var asked = STORY.matcher(messages.toString());
    if (!asked.find()) {
      response.setStatusCode(400).end("{\"error\": {\"message\": \"this is no story\"}}");
      return;
    }
    int story = Integer.parseInt(asked.group(1));
    var plot = Scenario.valueOf(asked.group(2));
    calls.computeIfAbsent(story, _ -> new AtomicInteger()).incrementAndGet();
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    boolean answered = messages.get(messages.size() - 1).path("role").asText().equals("tool");
    if (plot.tool != null && !answered) {
      call(response, plot.tool, story);
    } else {
      int words = Integer.parseInt(asked.group(3));
      write(response, answer(words).splitWithDelimiters(" ", 0), 0, plot.pauses ? PAUSE_MS : 0);
    }
  }

  private void call(HttpServerResponse response, String tool, int story) {
    var call =
        """
        {"tool_calls": [{"index": 0, "id": "call_%d", "type": "function",
          "function": {"name": "%s", "arguments": "{\\"story\\": %d}"}}]}"""
            .formatted(story, tool, story);
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
