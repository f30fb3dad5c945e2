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
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.a2a.AgentCardCache.Endpoint;
import dev.threadmill.tools.http.HttpOutcome;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;

/** Sends requests of A2A over JSON-RPC to agents of other servers. */
@Singleton
class A2aClient {
  /** A stream names the task with every piece, so it takes more bytes than the text in it. */
  private static final int STREAM_BYTES_PER_TEXT_BYTE = 32;

  private static final int MAX_STREAM_BYTES = 1 << 30;

  private static final int METHOD_NOT_FOUND = -32601;
  private static final int UNSUPPORTED_OPERATION = -32004;
  private static final int MAX_ERROR = 1_000;

  private final EgressClient http;
  private final ToolsConfig config;

  A2aClient(EgressClient http, ToolsConfig config) {
    this.http = http;
    this.config = config;
  }

  /** The methods of the protocol, by their names in both versions. */
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
   * A request.
   *
   * @param timeout until the whole response has arrived
   */
  record Request(
      ToolContext context, Endpoint endpoint, Method method, ObjectNode params, Duration timeout) {}

  /** What a request came to. */
  sealed interface Reply {
    /** The task has been updated with what the agent answered, perhaps not with all of it. */
    record Accepted() implements Reply {}

    /** The agent refuses the request, or the request may not be sent: a retry does not help. */
    record Rejected(ToolError error) implements Reply {}

    /** What the agent answered cannot be used, whatever the agent has done. */
    record Malformed(ToolError error) implements Reply {}

    /** The agent does not know this method, whatever its card says; it has done nothing. */
    record Unsupported(ToolError error) implements Reply {}

    /** The agent has done nothing, and a retry may succeed after this pause (null: as usual). */
    record Retryable(ToolError error, Duration pause) implements Reply {}

    /** It is unknown whether the agent received the request. */
    record OutcomeUnknown(ToolError error) implements Reply {}

    private static Reply of(HttpOutcome outcome) {
      return switch (outcome.result()) {
        case ToolResult.Failed(var error) when outcome.isRetryable() ->
            new Retryable(error, outcome.retryAfter());
        case ToolResult.Failed(var error) when error.type().equals("answer_unusable") ->
            new Malformed(error);
        case ToolResult.Failed(var error) -> new Rejected(error);
        case ToolResult.OutcomeUnknown(var error) -> new OutcomeUnknown(error);
        case ToolResult.Succeeded _ -> new Accepted();
      };
    }
  }

  /** Sends a request and updates the task with what the agent answers, as it arrives. */
  Reply send(Request request, A2aTask task) throws InterruptedException {
    try (var response = http.open(outbound(request))) {
      if (response.status() >= 200
          && response.status() < 300
          && response.mediaType().equals(SseReader.MEDIA_TYPE)) {
        return follow(response, task);
      }
      return read(response.read(), task);
    } catch (EgressException e) {
      return Reply.of(HttpOutcome.of(e));
    }
  }

  private Reply follow(StreamingResponse response, A2aTask task) throws InterruptedException {
    try {
      var events = new SseReader(response);
      for (var event = events.next(); event != null; event = events.next()) {
        var data = event.text();
        var reply = data.isBlank() ? null : update(task, data);
        if (reply != null) {
          // An error within a stream ends the stream, not the task.
          return task.isAccepted() && !(reply instanceof Reply.Malformed)
              ? new Reply.Accepted()
              : reply;
        }
        if (task.isAccepted() && !task.isOpen()) {
          return new Reply.Accepted();
        }
      }
    } catch (IOException e) {
      var failure = response.toFailure(e);
      boolean isResumable = task.isAccepted() && failure.kind() != EgressException.Kind.TOO_LARGE;
      return isResumable ? new Reply.Accepted() : Reply.of(HttpOutcome.of(failure));
    }
    return task.isAccepted()
        ? new Reply.Accepted()
        : new Reply.OutcomeUnknown(
            ToolError.outcomeUnknown(
                "The agent sent an empty response. It is unknown whether it received the message."));
  }

  private static Reply read(HttpResponse response, A2aTask task) {
    int status = response.status();
    if (status < 200 || status >= 300) {
      var outcome = HttpOutcome.of(response);
      return Reply.of(outcome);
    }
    var failure = update(task, new String(response.body(), StandardCharsets.UTF_8));
    return failure == null ? new Reply.Accepted() : failure;
  }

  /** Updates the task with one response of JSON-RPC. Null if that was possible. */
  private static Reply update(A2aTask task, String text) {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return malformed("The agent's answer is not a message of A2A.");
    }
    var error = json.path("error");
    if (!error.isMissingNode() && !error.isNull()) {
      return error(error);
    }
    try {
      task.apply(json.path("result"));
      return null;
    } catch (A2aTask.ProtocolException e) {
      return malformed(e.getMessage());
    }
  }

  private static Reply error(JsonNode error) {
    int code = error.path("code").asInt();
    var text = error.isTextual() ? error.asText() : error.path("message").asText();
    var described =
        ToolError.of(
            "agent_error",
            "The agent answered with error %d%s"
                .formatted(code, text.isBlank() ? "." : ": " + shortened(text)));
    return code == METHOD_NOT_FOUND || code == UNSUPPORTED_OPERATION
        ? new Reply.Unsupported(described)
        : new Reply.Rejected(described);
  }

  private static Reply malformed(String message) {
    return new Reply.Malformed(ToolError.of("answer_unusable", message));
  }

  private EgressRequest outbound(Request request) {
    var endpoint = request.endpoint();
    var method = request.method();
    var body =
        Json.MAPPER
            .createObjectNode()
            .put("jsonrpc", "2.0")
            .put("id", request.context().call().value())
            .put("method", endpoint.isV1() ? method.inV1 : method.inV03)
            .<ObjectNode>set("params", request.params());
    var headers = new LinkedHashMap<String, String>();
    headers.put("Content-Type", "application/json");
    headers.put(
        "Accept",
        method.isStream() ? SseReader.MEDIA_TYPE + ", application/json" : "application/json");
    headers.put("User-Agent", "Threadmill");
    headers.put("A2A-Version", endpoint.isV1() ? "1.0" : "0.3");
    return new EgressRequest(
        "POST",
        endpoint.url(),
        headers,
        endpoint.credentials(),
        body.toString().getBytes(StandardCharsets.UTF_8),
        List.of(request.context().allowedDomains()),
        request.timeout(),
        method.isStream() ? maxStream() : config.maxAnswer());
  }

  private int maxStream() {
    return (int) Math.min(MAX_STREAM_BYTES, (long) config.maxAnswer() * STREAM_BYTES_PER_TEXT_BYTE);
  }

  private static String shortened(String text) {
    var storable = StorableText.of(text);
    return storable.length() <= MAX_ERROR
        ? storable
        : StorableText.of(storable.substring(0, MAX_ERROR)) + "…";
  }
}
