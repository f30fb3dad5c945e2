package dev.threadmill.lab.bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.URI;

/**
 * Stands in for a model provider, as a process of its own: one event loop that answers {@code POST
 * /v1/chat/completions} with a stream, as fast or slow as {@link MockModelOptions} say. Prints its
 * address, and ends when its standard input does, so it never outlives whoever started it.
 *
 * <p>It shares the machine with what is measured, so it does as little as it can: it reads of a
 * request only what decides the answer, and writes tokens that nothing lies between in one go.
 */
final class MockProvider implements AutoCloseable {
  private static final String MODEL = "\"model\":\"";
  private static final String USER = "\"role\":\"user\"";
  private static final String CALLS = "\"tool_calls\":[";
  private static final String TOOL = "\"function\":{\"name\":\"";

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));

  private final URI address;

  private MockProvider() {
    int port =
        vertx
            .createHttpServer(new HttpServerOptions().setTcpNoDelay(true))
            .requestHandler(this::handle)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join()
            .actualPort();
    this.address = URI.create("http://127.0.0.1:" + port + "/v1");
  }

  /** Starts one on a free port. */
  static MockProvider start() {
    return new MockProvider();
  }

  public static void main(String... args) throws IOException {
    System.out.println(start().address());
    while (System.in.read() >= 0) {
      // whoever started us says nothing
    }
    System.exit(0);
  }

  /** What goes into OPENAI_BASE_URL. */
  URI address() {
    return address;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private void handle(HttpServerRequest request) {
    long arrived = System.nanoTime();
    request
        .body()
        .onSuccess(body -> answer(request.response(), body.toString(), body.length(), arrived));
  }

  private void answer(HttpServerResponse response, String body, int bytes, long arrived) {
    MockModelOptions knobs;
    try {
      // Whoever asks writes JSON without spaces, which spares us reading all of it.
      knobs = MockModelOptions.of(behind(MODEL, body));
    } catch (IllegalArgumentException e) {
      response.setStatusCode(400).end("no such model: " + e.getMessage());
      return;
    }
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    // When the client has gone, nobody waits for the rest.
    response.exceptionHandler(_ -> {});
    if (turnsDone(body) < knobs.turns()) {
      after(knobs.first(), () -> call(response, behind(TOOL, body)));
    } else {
      var answer = new Answer(response, knobs, bytes, arrived);
      after(knobs.first(), answer::go);
    }
  }

  private static String behind(String name, String body) {
    int start = body.indexOf(name) + name.length();
    return body.substring(start, body.indexOf('"', start));
  }

  /** The answers with tool calls since the user spoke last. */
  private static int turnsDone(String body) {
    int turns = 0;
    int at = body.lastIndexOf(USER);
    while ((at = body.indexOf(CALLS, at + 1)) >= 0) {
      turns++;
    }
    return turns;
  }

  private void call(HttpServerResponse response, String tool) {
    var id = "call_" + Long.toHexString(System.nanoTime());
    var call =
        """
        {"tool_calls":[{"index":0,"id":"%s","type":"function",\
        "function":{"name":"%s","arguments":"{\\"n\\":1}"}}]}"""
            .formatted(id, tool);
    response.end(Buffer.buffer(ChatChunk.of(call) + ChatChunk.end("tool_calls", 1)));
  }

  private void after(int millis, Runnable action) {
    if (millis == 0) {
      action.run();
    } else {
      vertx.setTimer(millis, _ -> action.run());
    }
  }

  /** A text in the making. */
  private final class Answer {
    private static final String TOKEN = ChatChunk.of("{\"content\":\"token \"}");

    private final HttpServerResponse response;
    private final MockModelOptions knobs;
    private final int bodyBytes;
    private final long arrived;
    private int written;

    Answer(HttpServerResponse response, MockModelOptions knobs, int bodyBytes, long arrived) {
      this.response = response;
      this.knobs = knobs;
      this.bodyBytes = bodyBytes;
      this.arrived = arrived;
    }

    /** Writes up to the next pause, and goes on behind it. */
    void go() {
      if (response.closed()) {
        return;
      }
      var bytes = new StringBuilder();
      do {
        bytes.append(nextToken());
      } while (knobs.between() == 0 && written < knobs.tokens());
      if (written < knobs.tokens()) {
        response.write(Buffer.buffer(bytes.toString()));
        after(knobs.between(), this::go);
      } else {
        response.end(Buffer.buffer(bytes.append(ChatChunk.end("stop", written)).toString()));
      }
    }

    private String nextToken() {
      long since = System.nanoTime() - arrived;
      written++;
      if (written == 1) {
        return ChatChunk.of(
            "{\"role\":\"assistant\",\"content\":\"%s\"}"
                .formatted(ProviderTimestamps.firstToken(since)));
      }
      if (written < knobs.tokens()) {
        return knobs.stamped()
            ? ChatChunk.of("{\"content\":\"%s\"}".formatted(ProviderTimestamps.tokenOfNow()))
            : TOKEN;
      }
      return ChatChunk.of(
          "{\"content\":\"%s\"}".formatted(ProviderTimestamps.lastToken(since, bodyBytes)));
    }
  }
}
