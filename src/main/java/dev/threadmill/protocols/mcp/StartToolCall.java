package dev.threadmill.protocols.mcp;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ExposedAssistant;
import dev.threadmill.protocols.IdempotentRuns;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * Starts the run of a tool call. Invalid arguments are an error of the tool, for the model to read.
 */
@ApplicationScoped
class StartToolCall {
  private static final Set<String> ARGUMENTS = Set.of("message", "thread_id");

  private final RunClient runs;
  private final IdempotentRuns keys;

  StartToolCall(RunClient runs, IdempotentRuns keys) {
    this.runs = runs;
    this.keys = keys;
  }

  Mono<McpSchema.CallToolResult> start(
      AssistantToolCall call, ExposedAssistant assistant, Map<String, Object> arguments) {
    try {
      var given = arguments == null ? Map.<String, Object>of() : arguments;
      return call.followRun(run(call, assistant, text(given), thread(given)));
    } catch (ApiException e) {
      return e.httpStatus() >= 500
          ? call.failWith(e)
          : Mono.just(AssistantToolCall.error(e.error().message()));
    } catch (RuntimeException e) {
      return call.failWith(e);
    }
  }

  private RunHandle run(
      AssistantToolCall call, ExposedAssistant assistant, String text, ThreadId thread) {
    var message = CreateMessage.ofUser(List.of(ContentPart.text(text)));
    var marks = new HashMap<>(call.metadata());
    marks.put("protocol", "mcp");
    if (call.key() == null) {
      return runs.answer(
          call.project(),
          assistant.assistantId(),
          thread,
          message,
          new Metadata(marks),
          RunClient.CreationHook.NONE);
    }
    var fingerprint =
        JsonNodeFactory.instance.arrayNode().add(String.valueOf(thread)).add(text).toString();
    return keys.startOnce(
        new IdempotentRuns.IdempotentRequest(
            call.project(), assistant.assistantId(), "mcp/" + call.key(), fingerprint),
        alongside ->
            runs.answer(
                call.project(),
                assistant.assistantId(),
                thread,
                message,
                new Metadata(marks),
                alongside));
  }

  private static String text(Map<String, Object> arguments) {
    for (var name : arguments.keySet()) {
      if (!ARGUMENTS.contains(name)) {
        throw ApiException.invalid(
            name, "Unknown argument '%s': expected 'message' and 'thread_id'.".formatted(name));
      }
    }
    if (arguments.get("message") instanceof String text && !text.isBlank()) {
      return text;
    }
    throw ApiException.invalid(
        "message", "The argument 'message' has to be a string that is not blank.");
  }

  private static ThreadId thread(Map<String, Object> arguments) {
    return switch (arguments.get("thread_id")) {
      case null -> null;
      case String id -> new ThreadId(id);
      default ->
          throw ApiException.invalid(
              "thread_id", "The argument 'thread_id' has to be the id of a thread.");
    };
  }
}
