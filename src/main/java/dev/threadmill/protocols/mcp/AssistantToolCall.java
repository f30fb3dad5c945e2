package dev.threadmill.protocols.mcp;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.runs.api.RunUpdateEncoder;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A tool call in progress whose tool is an assistant. It follows the run, reports progress if the
 * client asked for that, and gives the SDK the result when the run has ended or waits; the response
 * that the SDK makes of it is the last frame of the stream.
 */
final class AssistantToolCall implements RunUpdateEncoder {
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(250);
  private static final String MESSAGE = "message";

  private final ProjectId project;
  private final String key;
  private final Map<String, String> metadata;
  private final Object progressToken;
  private final Sinks.One<CallToolResult> result = Sinks.one();
  private RunHandle run;
  private RunSnapshot state;
  private String text = "";
  private int writtenChars;
  private int reports;
  private long reportedAt;
  private volatile JSONRPCResponse answer;
  private RuntimeException failure;

  /**
   * @param key the idempotency key; null for none
   * @param metadata of its run
   * @param progressToken for progress notifications; null for none
   */
  AssistantToolCall(
      ProjectId project, String key, Map<String, String> metadata, Object progressToken) {
    this.project = project;
    this.key = key;
    this.metadata = metadata;
    this.progressToken = progressToken;
  }

  ProjectId project() {
    return project;
  }

  String key() {
    return key;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /** Follows this run. */
  Mono<CallToolResult> followRun(RunHandle started) {
    run = started;
    state = started.snapshot();
    return result.asMono();
  }

  /** The call failed for a reason that is not the client's. */
  Mono<CallToolResult> failWith(RuntimeException why) {
    failure = why;
    return Mono.empty();
  }

  /** The SDK made this response. */
  void answered(JSONRPCResponse response) {
    answer = response;
  }

  void failed(Throwable why) {
    failure = why instanceof RuntimeException known ? known : new IllegalStateException(why);
  }

  JSONRPCResponse answer() {
    return answer;
  }

  RuntimeException failure() {
    return failure;
  }

  /** The frames for the client; null if there is no run to wait for. */
  EventStream stream() {
    return run == null ? null : run.stream(this, true, null);
  }

  @Override
  public byte[] encode(String id, RunUpdate event) {
    return switch (event) {
      case RunUpdate.StatusChanged(var now) -> {
        state = now;
        yield now.isPausedOrEnded() ? null : progress(now.status().wire(), true);
      }
      case RunUpdate.ItemDelta(_, var kind, var more) when kind == ItemText.MESSAGE -> {
        writtenChars += more.length();
        yield progress("%d characters written".formatted(writtenChars), false);
      }
      case RunUpdate.ItemEnded(RunItem.Message ended) -> {
        text = ended.text();
        yield null;
      }
      case RunUpdate.ItemStarted _,
          RunUpdate.ItemDelta _,
          RunUpdate.CallReady _,
          RunUpdate.AnnotationAdded _,
          RunUpdate.TakenOver _,
          RunUpdate.ReasoningStored _,
          RunUpdate.ItemEnded _ ->
          null;
    };
  }

  @Override
  public byte[] end() {
    result.tryEmitValue(result());
    return answer == null ? new byte[0] : frame(answer);
  }

  private CallToolResult result() {
    if (!state.isPausedOrEnded()) {
      return error("The run %s does not exist any more.".formatted(state.id()));
    }
    var made =
        CallToolResult.builder()
            .structuredContent(
                Map.of(
                    "thread_id",
                    state.thread().value(),
                    "run_id",
                    state.id().value(),
                    "status",
                    state.status().wire()));
    return state.status() == RunState.COMPLETED
        ? made.addTextContent(text).isError(false).build()
        : made.addTextContent(failureText()).isError(true).build();
  }

  private String failureText() {
    var which = "The run %s of thread %s ".formatted(state.id(), state.thread());
    return switch (state.status()) {
      case FAILED ->
          which
              + (state.error() == null
                  ? "failed."
                  : "failed (%s): %s".formatted(state.error().code(), state.error().message()));
      case CANCELLED -> which + "was cancelled.";
      case EXPIRED -> which + "expired before it ended.";
      case INCOMPLETE ->
          which
              + "was cut off (%s). The answer so far:\n%s"
                  .formatted(state.incompleteReason(), text);
      case REQUIRES_ACTION ->
          which
              + "waits for outputs that only a client of the API can submit: %s. Submit them"
                  .formatted(
                      state.pendingCalls().stream()
                          .map(RunSnapshot.PendingCall::name)
                          .distinct()
                          .collect(Collectors.joining(", ")))
              + " there, or cancel it.";
      case QUEUED, IN_PROGRESS, CANCELLING, COMPLETED -> which + "is in progress.";
    };
  }

  /** An error for the model to read. */
  static CallToolResult error(String message) {
    return CallToolResult.builder().addTextContent(message).isError(true).build();
  }

  private byte[] progress(String message, boolean important) {
    long now = System.nanoTime();
    if (progressToken == null
        || (!important && reports > 0 && now - reportedAt < PROGRESS_INTERVAL.toNanos())) {
      return null;
    }
    reportedAt = now;
    reports++;
    return frame(
        new McpSchema.JSONRPCNotification(
            McpSchema.JSONRPC_VERSION,
            McpSchema.METHOD_NOTIFICATION_PROGRESS,
            new McpSchema.ProgressNotification(progressToken, (double) reports, null, message)));
  }

  private static byte[] frame(Object message) {
    return SseFormat.event(null, MESSAGE, HandleMcpMessage.text(message));
  }
}
