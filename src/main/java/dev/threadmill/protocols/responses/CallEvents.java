package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import java.util.LinkedHashMap;
import java.util.Map;

/** The events of calls that the server makes. Each is shown once its arguments are complete. */
final class CallEvents {
  private static final String ADDED = "response.output_item.added";
  private static final String DONE = "response.output_item.done";
  private static final String CODE = "code_interpreter";
  private static final String SEARCH = "file_search";
  private static final String WEB = "web_search";

  private final EventWriter writer;
  private final OutputItems output;
  private final Include include;
  private final SourceNames sources;
  private final Map<String, Open> open = new LinkedHashMap<>();

  /**
   * @param include whether results of searches and outputs of code are shown
   * @param sources takes the names of the files that were found
   */
  CallEvents(EventWriter writer, OutputItems output, Include include, SourceNames sources) {
    this.writer = writer;
    this.output = output;
    this.include = include;
    this.sources = sources;
  }

  private record Open(int index, ObjectNode item, String kind) {}

  /** The arguments of a call are complete. */
  void ready(RunItem.Call call) {
    switch (call.executor()) {
      case APPROVAL -> approvalRequest(call);
      case SERVER, ASSISTANT -> begin(call, null);
      case CLIENT, NONE -> {
        // The client executes it, or the model is told why not.
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

  private static ObjectNode at(ObjectNode item, int index) {
    return EventWriter.event().put("item_id", item.path("id").asText()).put("output_index", index);
  }

  private void write(String type, ObjectNode item, int index, String field, String text) {
    writer.write(type, at(item, index).put(field, text));
  }

  private void write(String type, ObjectNode item, int index) {
    writer.write(type, at(item, index));
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
    int index = output.add(item);
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
          case WEB -> webSearch(call);
          default -> mcp(call, approval);
        };
    open.put(call.place().id(), begun);
    return begun;
  }

  private static String kind(RunItem.Call call) {
    return switch (call.tool()) {
      case ToolSpec.FileSearch _ -> SEARCH;
      case ToolSpec.CodeInterpreter _ -> CODE;
      case WebSearchSpec _ -> WEB;
      case null, default -> call.type();
    };
  }

  private Open search(RunItem.Call call) {
    var item = item(ItemIds.FILE_SEARCH, call, "file_search_call");
    item.set("queries", ItemObjects.queries(call.arguments()));
    item.putNull("results");
    int index = output.add(item);
    item(ADDED, index, item);
    write("response.file_search_call.in_progress", item, index);
    write("response.file_search_call.searching", item, index);
    return new Open(index, item, SEARCH);
  }

  private Open webSearch(RunItem.Call call) {
    var item = item(ItemIds.WEB_SEARCH, call, "web_search_call");
    item.set("action", ItemObjects.search(call.arguments()));
    int index = output.add(item);
    item(ADDED, index, item);
    write("response.web_search_call.in_progress", item, index);
    write("response.web_search_call.searching", item, index);
    return new Open(index, item, WEB);
  }

  private Open code(RunItem.Call call) {
    var text = ItemObjects.code(call.arguments());
    var item = item(ItemIds.CODE, call, "code_interpreter_call");
    item.put("container_id", sources.container()).put("code", "").putNull("outputs");
    int index = output.add(item);
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
    int index = output.add(item);
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
          var results = CallResults.ofSearch(call.details(), sources);
          if (include.searchResults()) {
            item.set("results", results);
          }
        }
        if (isComplete) {
          write("response.file_search_call.completed", item, index);
        }
      }
      case WEB -> {
        if (isComplete && !call.details().isEmpty()) {
          CallResults.addWebSearch(item, call.details(), include);
          write("response.web_search_call.completed", item, index);
        } else {
          status = ItemObjects.FAILED;
        }
      }
      case CODE -> {
        if (include.codeOutputs() && result != null) {
          item.set("outputs", CallResults.ofCode(result, call.details()));
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

  /** Ends the calls that the end of the run has left open. */
  void flush() {
    open.values().forEach(begun -> end(begun, null, false));
    open.clear();
  }
}
