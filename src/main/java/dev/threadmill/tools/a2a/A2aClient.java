package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.egress.SseReader;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.a2a.AgentCardCache.Endpoint;
import dev.threadmill.tools.http.ResponseText;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;

/** Makes requests of A2A, over JSON-RPC, to agents elsewhere, and says what they came to. */
@Singleton
class A2aClient {
  /** A stream names the task with every piece, so it takes more bytes than what it tells. */
  private static final int STREAM_TO_ANSWER = 32;

  private static final int MOST_OF_A_STREAM = 1 << 30;

  private static final int NO_SUCH_METHOD = -32601;
  private static final int UNSUPPORTED = -32004;
  private static final int MOST_OF_AN_ERROR = 1_000;

  private final EgressClient http;
  private final ToolsConfig settings;

  A2aClient(EgressClient http, ToolsConfig settings) {
    this.http = http;
    this.settings = settings;
  }

  /** What can be asked of an agent, in the words of both versions. */
  enum Method {
    SEND("SendMessage", "message/send"),
    STREAM("SendStreamingMessage", "message/stream"),
    GET("GetTask", "tasks/get"),
    SUBSCRIBE("SubscribeToTask", "tasks/resubscribe"),
    CANCEL("CancelTask", "tasks/cancel");

    private final String inV1;
    private final String inV03;

    Method(String inV1, String inV03) {
      this.inV1 = inV1;
      this.inV03 = inV03;
    }

    private boolean isStream() {
      return this == STREAM || this == SUBSCRIBE;
    }
  }

  /**
   * A question.
   *
   * @param timeout until the whole answer is there
   */
  record Request(
      ToolContext context, Endpoint peer, Method method, ObjectNode params, Duration timeout) {}

  /** What a request came to. */
  sealed interface Reply {
    /** The task has taken what the agent answered, perhaps not all that it wanted to say. */
    record Accepted() implements Reply {}

    /** The agent, or the way to it, refuses: trying again would not help. */
    record Rejected(String output) implements Reply {}

    /** What the agent answered is of no use, whatever it has done. */
    record Malformed(String output) implements Reply {}

    /** The agent does not know this method, whatever its card says; it has done nothing. */
    record Unsupported(String output) implements Reply {}

    /** Surely nothing was done. */
    record Retryable(String output, Duration pause) implements Reply {}

    /** Nobody knows whether it got there. */
    record OutcomeUnknown(String output) implements Reply {}
  }

  /** Asks, and lets the task take what the agent answers while it comes in. */
  Reply send(Request request, A2aTask task) throws InterruptedException {
    try (var answer = http.open(outbound(request))) {
      if (answer.status() >= 200
          && answer.status() < 300
          && answer.mediaType().equals(SseReader.MEDIA_TYPE)) {
        return follow(answer, task);
      }
      return read(answer.read(), task);
    } catch (EgressException e) {
      return failure(e);
    }
  }

  private Reply follow(StreamingResponse answer, A2aTask task) throws InterruptedException {
    try {
      var events = new SseReader(answer);
      for (var event = events.next(); event != null; event = events.next()) {
        var data = event.text();
        var reply = data.isBlank() ? null : take(data, task);
        if (reply != null) {
          // An error in the middle ends the stream, not the task.
          return task.isAccepted() && !(reply instanceof Reply.Malformed)
              ? new Reply.Accepted()
              : reply;
        }
        if (task.isAccepted() && !task.isOpen()) {
          return new Reply.Accepted();
        }
      }
    } catch (IOException e) {
      var failure = answer.toFailure(e);
      boolean isGoneOnWith = task.isAccepted() && failure.kind() != EgressException.Kind.TOO_LARGE;
      return isGoneOnWith ? new Reply.Accepted() : failure(failure);
    }
    return task.isAccepted()
        ? new Reply.Accepted()
        : new Reply.OutcomeUnknown(
            ToolError.output(
                "outcome_unknown",
                "The agent ended its answer before it had said anything. Nobody knows whether it got"
                    + " the message."));
  }

  private static Reply read(HttpResponse answer, A2aTask task) {
    int status = answer.status();
    if (status < 200 || status >= 300) {
      var output = ResponseText.ofError(answer);
      return switch (status) {
        case 408, 425, 429, 503 -> new Reply.Retryable(output, ResponseText.retryAfter(answer));
        default -> status >= 500 ? new Reply.OutcomeUnknown(output) : new Reply.Rejected(output);
      };
    }
    var reply = take(new String(answer.body(), StandardCharsets.UTF_8), task);
    return reply == null ? new Reply.Accepted() : reply;
  }

  /** Reads one answer of JSON-RPC; null if the task has taken it. */
  private static Reply take(String text, A2aTask task) {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return unusable("What the agent answered is not of A2A.");
    }
    if (json.path("error").isObject()) {
      return error(json.path("error"));
    }
    try {
      task.apply(json.path("result"));
      return null;
    } catch (A2aTask.ProtocolException e) {
      return unusable(e.getMessage());
    }
  }

  private static Reply error(JsonNode error) {
    int code = error.path("code").asInt();
    var said = error.path("message").asText();
    var output =
        ToolError.output(
            "agent_error",
            StorableText.of(
                "The agent answered with an error (%d): %s".formatted(code, shortened(said))));
    return code == NO_SUCH_METHOD || code == UNSUPPORTED
        ? new Reply.Unsupported(output)
        : new Reply.Rejected(output);
  }

  private static Reply unusable(String message) {
    return new Reply.Malformed(ToolError.output("answer_unusable", message));
  }

  private static Reply failure(EgressException e) {
    return switch (e.kind()) {
      case REFUSED -> new Reply.Rejected(ToolError.output("not_allowed", e.getMessage()));
      case TOO_LARGE -> unusable("The agent was asked. " + e.getMessage());
      case UNREACHABLE, TIMED_OUT, BROKEN ->
          e.mayHaveArrived()
              ? new Reply.OutcomeUnknown(
                  ToolError.output(
                      "outcome_unknown",
                      e.getMessage() + " Nobody knows whether the agent got the message."))
              : new Reply.Retryable(ToolError.output("unreachable", e.getMessage()), null);
    };
  }

  private EgressRequest outbound(Request request) {
    var peer = request.peer();
    var method = request.method();
    var body =
        Json.MAPPER
            .createObjectNode()
            .put("jsonrpc", "2.0")
            .put("id", request.context().call().value())
            .put("method", peer.isV1() ? method.inV1 : method.inV03)
            .<ObjectNode>set("params", request.params());
    var headers = new LinkedHashMap<String, String>();
    headers.put("Content-Type", "application/json");
    headers.put(
        "Accept",
        method.isStream() ? SseReader.MEDIA_TYPE + ", application/json" : "application/json");
    headers.put("User-Agent", "Threadmill");
    headers.put("A2A-Version", peer.isV1() ? "1.0" : "0.3");
    return new EgressRequest(
        "POST",
        peer.url(),
        headers,
        peer.credentials(),
        body.toString().getBytes(StandardCharsets.UTF_8),
        List.of(request.context().allowedDomains()),
        request.timeout(),
        method.isStream() ? maxStream() : settings.maxAnswer());
  }

  private int maxStream() {
    return (int) Math.min(MOST_OF_A_STREAM, (long) settings.maxAnswer() * STREAM_TO_ANSWER);
  }

  private static String shortened(String text) {
    return text.length() <= MOST_OF_AN_ERROR ? text : text.substring(0, MOST_OF_AN_ERROR) + "…";
  }
}
