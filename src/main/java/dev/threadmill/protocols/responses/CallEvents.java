package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.tools.code.CodeArguments;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The events of calls that the server makes. Each is shown when the model begins it, unless its
 * client may have to approve it: then a request for approval takes its place.
 */
final class CallEvents {
  private static final String ADDED = "response.output_item.added";
  private static final String DONE = "response.output_item.done";
  private static final String CODE = "code_interpreter";
  private static final String SEARCH = "file_search";
  private static final String WEB = "web_search";
  private static final String MCP = "mcp";
  private static final String COMPLETED = "completed";
  private static final String INCOMPLETE = "incomplete";

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

  private static final class Open {
    final int index;
    final ObjectNode item;
    final String kind;

    /** The code, or the arguments, as far as it was sent. */
    final StringBuilder streamed = new StringBuilder();

    boolean isReady;

    Open(int index, ObjectNode item, String kind) {
      this.index = index;
      this.item = item;
      this.kind = kind;
    }
  }

  /** Whether the client may have to approve a call, as far as its tool says. */
  static boolean mayNeedApproval(RunItem.Call call) {
    return call.tool() instanceof ToolSpec.Mcp mcp && mcp.mcp().needsApproval(toolName(call));
  }

  /** A call starts. */
  void started(RunItem.Call call) {
    begin(call, null);
  }

  /** More of the arguments of a call; of one that runs code, more of the code. */
  void delta(String id, String piece) {
    var call = open.get(id);
    if (call != null) {
      more(call, piece);
    }
  }

  /** Only code and arguments of other tools are streamed. */
  private void more(Open call, String piece) {
    if (piece.isEmpty() || !isStreamed(call.kind)) {
      return;
    }
    call.streamed.append(piece);
    write(
        call.kind.equals(CODE)
            ? "response.code_interpreter_call_code.delta"
            : "response.mcp_call_arguments.delta",
        call,
        "delta",
        piece);
  }

  private static boolean isStreamed(String kind) {
    return kind.equals(CODE) || kind.equals(MCP);
  }

  /** The arguments of a call are complete. */
  void ready(RunItem.Call call) {
    var id = call.place().id();
    switch (call.executor()) {
      case APPROVAL -> {
        var begun = open.remove(id);
        if (begun != null) {
          end(begun, call, INCOMPLETE);
        }
        approvalRequest(call);
      }
      case SERVER, ASSISTANT -> {
        var begun = open.containsKey(id) ? open.get(id) : begin(call, null);
        complete(begun, call.arguments());
      }
      case CLIENT, NONE -> {
        // The client executes it, or its end says why it is not executed.
      }
    }
  }

  private void item(String type, int index, ObjectNode item) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write(type, fields);
  }

  private static ObjectNode item(String prefix, RunItem.Call call, String type) {
    return item(prefix, call.place().id(), type);
  }

  private static ObjectNode item(String prefix, String id, String type) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", ItemIds.with(prefix, id))
        .put("type", type)
        .put("status", "in_progress");
  }

  private static ObjectNode at(Open call) {
    return EventWriter.event()
        .put("item_id", call.item.path("id").asText())
        .put("output_index", call.index);
  }

  private void write(String type, Open call, String field, String text) {
    writer.write(type, at(call).put(field, text));
  }

  private void write(String type, Open call) {
    writer.write(type, at(call));
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
          case SEARCH -> {
            var item = item(ItemIds.FILE_SEARCH, call, "file_search_call");
            item.putArray("queries");
            yield begin(item.putNull("results"), SEARCH);
          }
          case CODE ->
              begin(
                  item(ItemIds.CODE, call, "code_interpreter_call")
                      .put("container_id", sources.container())
                      .put("code", "")
                      .putNull("outputs"),
                  CODE);
          case WEB -> {
            var item = item(ItemIds.WEB_SEARCH, call, "web_search_call");
            item.set("action", ItemObjects.search(""));
            yield begin(item, WEB);
          }
          default -> begin(mcpCall(call, approval), MCP);
        };
    open.put(call.place().id(), begun);
    return begun;
  }

  private static ObjectNode mcpCall(RunItem.Call call, String approval) {
    return mcpCall(call.place().id(), serverLabel(call), toolName(call), approval);
  }

  private static ObjectNode mcpCall(String id, String label, String name, String approval) {
    return item(ItemIds.MCP_CALL, id, "mcp_call")
        .put("server_label", label)
        .put("name", name)
        .put("arguments", "")
        .putNull("output")
        .putNull("error")
        .put("approval_request_id", approval);
  }

  /** A call that the client has approved, as {@link ApproveCalls} stores it with the response. */
  void approved(JsonNode call) {
    var id = call.path("id").asText();
    var begun =
        begin(
            mcpCall(
                id,
                call.path("server_label").asText(),
                call.path("name").asText(),
                ItemIds.with(ItemIds.APPROVAL, id)),
            MCP);
    open.put(id, begun);
    complete(begun, call.path("arguments").asText());
  }

  private Open begin(ObjectNode item, String kind) {
    var begun = new Open(output.add(item), item, kind);
    item(ADDED, begun.index, item);
    write(event(begun) + "in_progress", begun);
    return begun;
  }

  private static String event(Open call) {
    return "response." + call.item.path("type").asText() + ".";
  }

  private static String kind(RunItem.Call call) {
    return switch (call.tool()) {
      case ToolSpec.FileSearch _ -> SEARCH;
      case ToolSpec.CodeInterpreter _ -> CODE;
      case WebSearchSpec _ -> WEB;
      case null, default -> call.type();
    };
  }

  /** The arguments of a call are known: what the item shows of them, and that the call is made. */
  private void complete(Open call, String arguments) {
    if (call.isReady) {
      return;
    }
    call.isReady = true;
    setArguments(call, arguments);
    switch (call.kind) {
      case SEARCH, WEB -> write(event(call) + "searching", call);
      case CODE -> write(event(call) + "interpreting", call);
      default -> {
        // The API has no event for it.
      }
    }
  }

  private void setArguments(Open call, String arguments) {
    switch (call.kind) {
      case SEARCH -> call.item.set("queries", ItemObjects.queries(arguments));
      case WEB -> call.item.set("action", ItemObjects.search(arguments));
      case CODE -> {
        var code = rest(call, ItemObjects.code(arguments));
        write("response.code_interpreter_call_code.done", call, "code", code);
        call.item.put("code", code);
      }
      default -> {
        rest(call, arguments);
        write("response.mcp_call_arguments.done", call, "arguments", arguments);
        call.item.put("arguments", arguments);
      }
    }
  }

  /** Sends what was not streamed of a text, and returns the whole. */
  private String rest(Open call, String whole) {
    if (whole.startsWith(call.streamed.toString())) {
      more(call, whole.substring(call.streamed.length()));
    }
    return whole;
  }

  private static String serverLabel(RunItem.Call call) {
    return switch (call.tool()) {
      case ToolSpec.Mcp mcp -> mcp.mcp().serverLabel();
      case null -> call.type();
      default -> call.tool().type();
    };
  }

  private static String toolName(RunItem.Call call) {
    return call.tool() instanceof ToolSpec.Mcp mcp
        ? toolName(call.name(), mcp.mcp().serverLabel())
        : call.name();
  }

  /** The name of a tool at its MCP server, by the name of its function. */
  static String toolName(String function, String label) {
    var prefix = label + "_";
    return function.startsWith(prefix) ? function.substring(prefix.length()) : function;
  }

  /**
   * A call has its output, or was cut off. One that was approved starts here in a response of an
   * earlier version; any other one that started before the stream belongs to the response before.
   */
  void ended(RunItem.Call call) {
    var begun = open.remove(call.place().id());
    if (begun == null) {
      if (call.executor() != RunItem.Call.Executor.APPROVAL) {
        return;
      }
      begun = begin(call, ItemIds.with(ItemIds.APPROVAL, call.place().id()));
      complete(begun, call.arguments());
      open.remove(call.place().id());
    }
    if (!begun.isReady) {
      setArguments(begun, call.arguments());
    }
    if (call.executor() == RunItem.Call.Executor.NONE) {
      end(begun, call, ItemObjects.FAILED);
    } else {
      boolean isComplete = call.status() == RunItem.Status.COMPLETED;
      end(begun, call, isComplete ? COMPLETED : INCOMPLETE);
    }
  }

  /**
   * @param call null if nothing is known of its end
   */
  private void end(Open begun, RunItem.Call call, String how) {
    var item = begun.item;
    boolean isComplete = how.equals(COMPLETED);
    var status = how;
    switch (begun.kind) {
      case SEARCH -> {
        if (isComplete) {
          var results = CallResults.ofSearch(call.details(), sources);
          if (include.searchResults()) {
            item.set("results", results);
          }
          write(event(begun) + COMPLETED, begun);
        }
      }
      case WEB -> {
        if (isComplete && !call.details().isEmpty()) {
          CallResults.addWebSearch(item, call.details(), include);
          write(event(begun) + COMPLETED, begun);
        } else {
          status = ItemObjects.FAILED;
        }
      }
      case CODE -> {
        if (include.codeOutputs() && call != null && call.output() != null) {
          item.set("outputs", CallResults.ofCode(call.output(), call.details()));
        }
        if (isComplete) {
          write(event(begun) + COMPLETED, begun);
        }
      }
      default -> {
        var result = call == null ? null : call.output();
        item.put(how.equals(ItemObjects.FAILED) ? "error" : "output", result);
        write(event(begun) + (isComplete ? COMPLETED : ItemObjects.FAILED), begun);
      }
    }
    item(DONE, begun.index, item.put("status", status));
  }

  /** Ends the calls that the end of the run has left open. */
  void flush() {
    for (var begun : open.values()) {
      if (!begun.isReady && isStreamed(begun.kind)) {
        setArguments(begun, streamedArguments(begun));
      }
      end(begun, null, INCOMPLETE);
    }
    open.clear();
  }

  private static String streamedArguments(Open call) {
    var text = call.streamed.toString();
    return call.kind.equals(CODE) ? CodeArguments.toJson(text) : text;
  }
}
