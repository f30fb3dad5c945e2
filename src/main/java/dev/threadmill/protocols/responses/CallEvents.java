package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import java.util.LinkedHashMap;
import java.util.Map;

/** The events of tool calls. Each is shown once its arguments are complete. */
final class CallEvents {
  private static final String ADDED = "response.output_item.added";
  private static final String DONE = "response.output_item.done";
  private static final String CODE = "code_interpreter";
  private static final String SEARCH = "file_search";

  private final EventWriter writer;
  private final ArrayNode output;
  private final JsonNode names;
  private final Include include;
  private final Map<String, String> filenames;
  private final Map<String, Open> open = new LinkedHashMap<>();

  /**
   * @param names functions that the client knows by something else than their name
   * @param include whether results of searches and outputs of code are shown
   * @param filenames takes the names of the files that were found, by their ids
   */
  CallEvents(
      EventWriter writer,
      ArrayNode output,
      JsonNode names,
      Include include,
      Map<String, String> filenames) {
    this.writer = writer;
    this.output = output;
    this.names = names;
    this.include = include;
    this.filenames = filenames;
  }

  private record Open(int index, ObjectNode item, String kind) {}

  /** The arguments of a call are complete. */
  void ready(RunItem.Call call) {
    switch (call.executor()) {
      case CLIENT -> clientCall(call);
      case APPROVAL -> approvalRequest(call);
      case SERVER, ASSISTANT -> begin(call, null);
      case NONE -> {
        // The model is told why; the client has nothing to execute.
      }
    }
  }

  private void item(String type, int index, ObjectNode item) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write(type, fields);
  }

  private static ObjectNode item(String prefix, RunItem.Call call, String type) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", ItemIds.with(prefix, call.place().id()))
        .put("type", type)
        .put("status", "in_progress");
  }

  private void clientCall(RunItem.Call call) {
    var known = names.path(call.name());
    boolean isCustom = known.path("custom").asBoolean(false);
    var item =
        isCustom
            ? item(ItemIds.CUSTOM_CALL, call, "custom_tool_call")
            : item(ItemIds.FUNCTION_CALL, call, "function_call");
    item.put("call_id", call.place().id());
    item.put("name", known.isObject() ? known.path("name").asText() : call.name());
    if (known.path("namespace").isTextual()) {
      item.put("namespace", known.path("namespace").asText());
    }
    var field = isCustom ? "input" : "arguments";
    var whole = isCustom ? textInput(call.arguments()) : call.arguments();
    int index = output.size();
    output.add(item);
    item(ADDED, index, item.put(field, ""));
    var events =
        isCustom ? "response.custom_tool_call_input." : "response.function_call_arguments.";
    write(events + "delta", item, index, "delta", whole);
    var done = at(item, index).put(field, whole);
    if (!isCustom) {
      done.put("name", item.path("name").asText());
    }
    writer.write(events + "done", done);
    item(DONE, index, item.put(field, whole).put("status", "completed"));
  }

  private static ObjectNode at(ObjectNode item, int index) {
    return EventWriter.event().put("item_id", item.path("id").asText()).put("output_index", index);
  }

  private void write(String type, ObjectNode item, int index, String field, String text) {
    writer.write(type, at(item, index).put(field, text));
  }

  private void write(String type, ObjectNode item, int index) {
    writer.write(type, at(item, index));
  }

  private static String textInput(String arguments) {
    return parsed(arguments).path("input").asText(arguments);
  }

  private static JsonNode parsed(String arguments) {
    try {
      return Json.MAPPER.readTree(arguments.isBlank() ? "{}" : arguments);
    } catch (JsonProcessingException e) {
      return Json.MAPPER.createObjectNode();
    }
  }

  private void approvalRequest(RunItem.Call call) {
    var item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(ItemIds.APPROVAL, call.place().id()))
            .put("type", "mcp_approval_request")
            .put("server_label", serverLabel(call))
            .put("name", toolName(call))
            .put("arguments", call.arguments());
    int index = output.size();
    output.add(item);
    item(ADDED, index, item);
    item(DONE, index, item);
  }

  /**
   * A call that the server makes.
   *
   * @param approval the request that the client has approved; null for none
   */
  private Open begin(RunItem.Call call, String approval) {
    var begun =
        switch (kind(call)) {
          case SEARCH -> search(call);
          case CODE -> code(call);
          default -> mcp(call, approval);
        };
    open.put(call.place().id(), begun);
    return begun;
  }

  private static String kind(RunItem.Call call) {
    return call.tool() instanceof ToolSpec.FileSearch || call.type().equals(SEARCH)
        ? SEARCH
        : call.tool() instanceof ToolSpec.CodeInterpreter || call.type().equals(CODE)
            ? CODE
            : "mcp";
  }

  private Open search(RunItem.Call call) {
    var item = item(ItemIds.FILE_SEARCH, call, "file_search_call");
    item.set("queries", ItemObjects.queries(call.arguments()));
    item.putNull("results");
    int index = output.size();
    output.add(item);
    item(ADDED, index, item);
    write("response.file_search_call.in_progress", item, index);
    write("response.file_search_call.searching", item, index);
    return new Open(index, item, SEARCH);
  }

  private Open code(RunItem.Call call) {
    var text = ItemObjects.code(call.arguments());
    var item = item(ItemIds.CODE, call, "code_interpreter_call");
    item.put("container_id", "auto").put("code", "").putNull("outputs");
    int index = output.size();
    output.add(item);
    item(ADDED, index, item);
    write("response.code_interpreter_call.in_progress", item, index);
    write("response.code_interpreter_call_code.delta", item, index, "delta", text);
    write("response.code_interpreter_call_code.done", item, index, "code", text);
    item.put("code", text);
    write("response.code_interpreter_call.interpreting", item, index);
    return new Open(index, item, CODE);
  }

  private Open mcp(RunItem.Call call, String approval) {
    var item = item(ItemIds.MCP_CALL, call, "mcp_call");
    item.put("server_label", serverLabel(call)).put("name", toolName(call)).put("arguments", "");
    item.putNull("output").putNull("error").put("approval_request_id", approval);
    int index = output.size();
    output.add(item);
    item(ADDED, index, item);
    write("response.mcp_call.in_progress", item, index);
    write("response.mcp_call_arguments.delta", item, index, "delta", call.arguments());
    write("response.mcp_call_arguments.done", item, index, "arguments", call.arguments());
    item.put("arguments", call.arguments());
    return new Open(index, item, "mcp");
  }

  private static String serverLabel(RunItem.Call call) {
    return switch (call.tool()) {
      case ToolSpec.Mcp mcp -> mcp.mcp().serverLabel();
      case null -> call.type();
      default -> call.tool().type();
    };
  }

  private static String toolName(RunItem.Call call) {
    if (call.tool() instanceof ToolSpec.Mcp mcp) {
      var prefix = mcp.mcp().serverLabel() + "_";
      if (call.name().startsWith(prefix)) {
        return call.name().substring(prefix.length());
      }
    }
    return call.name();
  }

  /**
   * A call has its output. One that was approved starts here; any other one that started before the
   * stream belongs to the response before.
   */
  void ended(RunItem.Call call) {
    if (call.executor() == null
        || call.executor() == RunItem.Call.Executor.CLIENT
        || call.executor() == RunItem.Call.Executor.NONE) {
      return;
    }
    var begun = open.remove(call.place().id());
    if (begun == null) {
      if (call.executor() != RunItem.Call.Executor.APPROVAL) {
        return;
      }
      begun = begin(call, ItemIds.with(ItemIds.APPROVAL, call.place().id()));
      open.remove(call.place().id());
    }
    end(begun, call, call.status() == RunItem.Status.COMPLETED);
  }

  /**
   * @param call null if nothing is known of its end
   */
  private void end(Open begun, RunItem.Call call, boolean isComplete) {
    var result = call == null ? null : call.output();
    var item = begun.item();
    int index = begun.index();
    var status = isComplete ? "completed" : "incomplete";
    switch (begun.kind()) {
      case SEARCH -> {
        if (call != null) {
          results(item, call);
        }
        if (isComplete) {
          write("response.file_search_call.completed", item, index);
        }
      }
      case CODE -> {
        if (include.codeOutputs() && result != null) {
          item.putArray("outputs").addObject().put("type", "logs").put("logs", result);
        }
        if (isComplete) {
          write("response.code_interpreter_call.completed", item, index);
        }
      }
      default -> {
        item.put("output", result);
        write(isComplete ? "response.mcp_call.completed" : "response.mcp_call.failed", item, index);
      }
    }
    item(DONE, index, item.put("status", status));
  }

  private void results(ObjectNode item, RunItem.Call call) {
    var results = Json.MAPPER.createArrayNode();
    for (var detail : call.details()) {
      for (var found : detail.data().path("results")) {
        var file = found.path("file_id").asText();
        filenames.put(file, found.path("file_name").asText(file));
        var result = results.addObject().put("file_id", file);
        result.put("filename", filenames.get(file)).put("score", found.path("score").asDouble());
        var text = new StringBuilder();
        found.path("content").forEach(part -> text.append(part.path("text").asText()));
        result.put("text", text.toString());
        result.set("attributes", found.path("attributes"));
      }
    }
    if (include.searchResults()) {
      item.set("results", results);
    }
  }

  /** Ends the calls that the end of the run has left open. */
  void flush() {
    open.values().forEach(begun -> end(begun, null, false));
    open.clear();
  }
}
