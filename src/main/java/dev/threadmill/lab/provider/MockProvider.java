package dev.threadmill.lab.provider;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.URI;

/**
 * A mock model provider in a process of its own: one event loop that answers {@code POST
 * /v1/chat/completions} with a stream as {@link MockModelOptions} specify. Prints its base URL, and
 * ends when its standard input does, so that it never outlives the process that started it.
 *
 * <p>It shares the machine with what is measured, so it does as little as possible: it reads of a
 * request only what determines the answer, and sends consecutive tokens without a pause in one
 * write.
 */
public final class MockProvider implements AutoCloseable {
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

  /** Starts a provider on a free port. */
  public static MockProvider start() {
    return new MockProvider();
  }

  public static void main(String... args) throws IOException {
    System.out.println(start().address());
    while (System.in.read() >= 0) {
      // The parent process writes nothing.
    }
    System.exit(0);
  }

  /** The value for OPENAI_BASE_URL. */
  public URI address() {
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
      // Clients write JSON without whitespace, which saves parsing it.
      knobs = MockModelOptions.of(behind(MODEL, body));
    } catch (IllegalArgumentException e) {
      response.setStatusCode(400).end("unknown model: " + e.getMessage());
      return;
    }
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    // A client that has disconnected needs no rest.
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

  /** The number of assistant messages with tool calls after the last user message. */
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

  /** The state of an answer that is being sent. */
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

    /** Sends tokens up to the next pause, then schedules the rest. */
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
