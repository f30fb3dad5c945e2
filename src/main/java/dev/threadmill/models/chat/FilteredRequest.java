package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import java.util.ArrayList;
import java.util.List;

/** The texts of a request for a chat completion, as the content filters let them pass. */
final class FilteredRequest {
  private final ContentGate gate;
  private final ContentSource source;

  FilteredRequest(ContentGate gate, ContentSource source) {
    this.gate = gate;
    this.source = source;
  }

  /**
   * The request with its messages and functions filtered.
   *
   * @throws ApiException 400 with the code {@code content_filter} if a filter rejects one
   */
  ModelRequest of(ModelRequest request) {
    var messages = new ArrayList<ModelMessage>();
    for (var message : request.messages()) {
      messages.add(message("messages[%d]".formatted(messages.size()), message));
    }
    return request.with(messages, functions(request.functions()));
  }

  private List<FunctionSpec> functions(List<FunctionSpec> functions) {
    var passed = new ArrayList<FunctionSpec>();
    for (var function : functions) {
      try {
        passed.add(gate.apply(source, function));
      } catch (ContentRejectedException e) {
        throw e.asApiException("tools[%d]".formatted(passed.size()));
      }
    }
    return passed;
  }

  private ModelMessage message(String at, ModelMessage message) {
    var content = at + ".content";
    return switch (message) {
      case ModelMessage.System(var text) ->
          new ModelMessage.System(gate.applyTo(content, source, text));
      case ModelMessage.User(var parts) -> {
        var passed = new ArrayList<ModelPart>();
        for (var part : parts) {
          passed.add(
              part instanceof ModelPart.Text(var text)
                  ? new ModelPart.Text(
                      gate.applyTo("%s[%d]".formatted(content, passed.size()), source, text))
                  : part);
        }
        yield new ModelMessage.User(passed);
      }
      case ModelMessage.Assistant(var text, var calls, var thoughts) -> {
        var passed = new ArrayList<ModelToolCall>();
        for (var call : calls) {
          var field = "%s.tool_calls[%d].function.arguments".formatted(at, passed.size());
          passed.add(
              new ModelToolCall(
                  call.id(), call.name(), gate.applyTo(field, source, call.arguments())));
        }
        yield new ModelMessage.Assistant(gate.applyTo(content, source, text), passed, thoughts);
      }
      case ModelMessage.ToolResult(var call, var text) ->
          new ModelMessage.ToolResult(call, gate.applyTo(content, source, text));
    };
  }
}
