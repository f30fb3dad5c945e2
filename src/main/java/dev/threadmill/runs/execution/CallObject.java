package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.CallType;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.RoutingTool;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A tool call on the wire: in steps, and in the deltas of a step. Types of calls differ here. */
final class CallObject {
  private static final String FUNCTION = "function";

  private CallObject() {}

  /**
   * The call in a step.
   *
   * @param withContents whether the results of a search of files have their contents
   */
  static Map<String, Object> of(ToolCall call, boolean withContents) {
    var shown = JsonFields.ordered("id", call.id().value(), "type", call.type());
    if (call.routing() != null) {
      shown.putAll(routing(call));
    }
    shown.put(
        field(call),
        switch (call.callType()) {
          case FILE_SEARCH -> FileSearchResults.of(call, withContents);
          case WEB_SEARCH -> WebSearchResults.of(call);
          case CODE_INTERPRETER -> CodeCallObject.details(call);
          case FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> function(call);
        });
    return shown;
  }

  /** The call in the delta that starts it. */
  static Map<String, Object> started(int index, ToolCall call) {
    return JsonFields.ordered(
        "index",
        index,
        "id",
        call.id().value(),
        "type",
        call.type(),
        field(call),
        switch (call.callType()) {
          case FILE_SEARCH, WEB_SEARCH -> Map.of();
          case CODE_INTERPRETER -> CodeCallObject.started();
          case FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION ->
              JsonFields.ordered("name", call.name(), "arguments", "", "output", null);
        });
  }

  /** The call in the delta that tells to which assistant it was routed. */
  static Map<String, Object> routed(int index, ToolCall call) {
    var routed = JsonFields.ordered("index", index, "type", call.type());
    routed.putAll(routing(call));
    return routed;
  }

  /**
   * The call in the delta that completes it.
   *
   * @param before how many UTF-16 units of the output clients have received
   * @return empty if only the step that ends shows the result
   */
  static Optional<Map<String, Object>> completed(int index, ToolCall call, int before) {
    return switch (call.callType()) {
      case FILE_SEARCH, WEB_SEARCH -> Optional.empty();
      case CODE_INTERPRETER ->
          Optional.of(completed(index, call, CodeCallObject.completed(call, before)));
      case FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> {
        var rest = call.output().substring(Math.min(before, call.output().length()));
        yield Optional.of(completed(index, call, Map.of("output", rest)));
      }
    };
  }

  private static Map<String, Object> completed(
      int index, ToolCall call, Map<String, Object> result) {
    return JsonFields.ordered("index", index, "type", call.type(), field(call), result);
  }

  /** Whether clients receive the texts of calls of this type in deltas. */
  static boolean isStreamed(String type) {
    return switch (CallType.of(type)) {
      case FILE_SEARCH, WEB_SEARCH -> false;
      case CODE_INTERPRETER, FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> true;
    };
  }

  /** The type that the deltas of the output and of the progress of a call show. */
  static String outputType(String type) {
    return switch (CallType.of(type)) {
      case CODE_INTERPRETER -> type;
      case FILE_SEARCH, WEB_SEARCH, FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> FUNCTION;
    };
  }

  /** The beginning of the JSON of a delta of a text of a call, up to the text itself. */
  static String beforeText(String type, StreamedText text) {
    return switch (CallType.of(type)) {
      case CODE_INTERPRETER -> CodeCallObject.beforeText(text);
      case FILE_SEARCH, WEB_SEARCH, FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION ->
          "\"function\":{\"" + text.field() + "\":\"";
    };
  }

  /** The end of the JSON of that delta. */
  static String afterText(String type, StreamedText text) {
    return switch (CallType.of(type)) {
      case CODE_INTERPRETER -> CodeCallObject.afterText(text);
      case FILE_SEARCH, WEB_SEARCH, FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> "\"}";
    };
  }

  /** The ids of the figures that the message behind the call shows. */
  static List<String> images(ToolCall call) {
    return switch (call.callType()) {
      case CODE_INTERPRETER -> CodeCallObject.images(call);
      case FILE_SEARCH, WEB_SEARCH, FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION ->
          List.of();
    };
  }

  /** The field that holds what is particular to the type. */
  private static String field(ToolCall call) {
    return switch (call.callType()) {
      case FILE_SEARCH, WEB_SEARCH, CODE_INTERPRETER -> call.type();
      case FUNCTION, AGENT_ROUTING, MCP_LIST_TOOLS, COMPACTION -> FUNCTION;
    };
  }

  private static Map<String, Object> function(ToolCall call) {
    var details =
        JsonFields.ordered(
            "name", call.name(), "arguments", call.arguments(), "output", call.output());
    if (!call.partial().progress().isEmpty()) {
      details.put(StreamedText.PROGRESS.field(), call.partial().progress());
    }
    if (!call.partial().task().isEmpty()) {
      details.put(StreamedText.TASK.field(), call.partial().task());
    }
    if (call.parts() != null && !call.parts().details().isEmpty()) {
      details.put("details", call.parts().details());
    }
    if (call.parts() != null && !call.parts().citations().isEmpty()) {
      details.put("citations", call.parts().citations());
    }
    return details;
  }

  /** The assistant, thread, run and message of a call that was routed. */
  private static Map<String, Object> routing(ToolCall call) {
    var routing = call.routing();
    return JsonFields.ordered(
        "target_assistant_id",
        routing.targetAssistantId().value(),
        "thread_id",
        routing.threadId().value(),
        "run_id",
        routing.runId().value(),
        "mode",
        routing.mode(),
        "message",
        RoutingTool.messageOf(call.arguments()));
  }
}
