package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.tools.code.CodeArguments;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The events of calls that the client answers, whose arguments arrive in pieces. A call that turns
 * out not to fit its schema, or that is cut off, ends with the status {@code incomplete}: the
 * server has answered it, and takes an output of the client for it without effect.
 */
final class ClientCallEvents {
  private static final String COMPLETED = "completed";
  private static final String INCOMPLETE = "incomplete";

  private final EventWriter writer;
  private final OutputItems output;
  private final JsonNode names;
  private final Map<String, Open> open = new LinkedHashMap<>();

  /**
   * @param names functions that the client knows by something else than their name
   */
  ClientCallEvents(EventWriter writer, OutputItems output, JsonNode names) {
    this.writer = writer;
    this.output = output;
    this.names = names;
  }

  private static final class Open {
    final int index;
    final ObjectNode item;

    /** Takes the text out of the arguments; null for a function, which is given the arguments. */
    final CodeArguments input;

    final StringBuilder streamed = new StringBuilder();

    Open(int index, ObjectNode item, boolean isCustom) {
      this.index = index;
      this.item = item;
      this.input = isCustom ? new CodeArguments() : null;
    }

    String field() {
      return input == null ? "arguments" : "input";
    }

    String event() {
      return input == null
          ? "response.function_call_arguments."
          : "response.custom_tool_call_input.";
    }

    /** What the item shows of arguments. */
    String shown(String arguments) {
      return input == null ? arguments : ItemObjects.textInput(arguments);
    }

    ObjectNode at() {
      return EventWriter.event()
          .put("item_id", item.path("id").asText())
          .put("output_index", index);
    }
  }

  /** Whether the client answers a call, as far as the name of its function says. */
  static boolean isForClient(RunItem.Call call) {
    return call.tool() instanceof ToolSpec.Function;
  }

  /** A call starts. */
  void started(RunItem.Call call) {
    var known = names.path(call.name());
    boolean isCustom = known.path("custom").asBoolean(false);
    var id = call.place().id();
    var item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(isCustom ? ItemIds.CUSTOM_CALL : ItemIds.FUNCTION_CALL, id))
            .put("type", isCustom ? "custom_tool_call" : "function_call")
            .put("status", "in_progress")
            .put("call_id", id)
            .put("name", known.isObject() ? known.path("name").asText() : call.name());
    if (known.path("namespace").isTextual()) {
      item.put("namespace", known.path("namespace").asText());
    }
    var begun = new Open(output.add(item), item, isCustom);
    item.put(begun.field(), "");
    open.put(id, begun);
    item("added", begun);
  }

  private void item(String name, Open call) {
    var fields = EventWriter.event().put("output_index", call.index);
    fields.set("item", call.item.deepCopy());
    writer.write("response.output_item." + name, fields);
  }

  /** More of the arguments. */
  void delta(String id, String piece) {
    var call = open.get(id);
    if (call != null) {
      more(call, call.input == null ? piece : call.input.next(piece));
    }
  }

  private void more(Open call, String text) {
    if (!text.isEmpty()) {
      call.streamed.append(text);
      writer.write(call.event() + "delta", call.at().put("delta", text));
    }
  }

  /** The arguments are complete: the client is to answer, unless they do not fit. */
  void ready(RunItem.Call call) {
    if (!open.containsKey(call.place().id())) {
      started(call);
    }
    boolean isForClient = call.executor() == RunItem.Call.Executor.CLIENT;
    end(call.place().id(), call.arguments(), isForClient ? COMPLETED : INCOMPLETE);
  }

  /** A call ends. One that is still open was cut off. */
  void ended(RunItem.Call call) {
    end(call.place().id(), call.arguments(), INCOMPLETE);
  }

  private void end(String id, String arguments, String status) {
    var call = open.remove(id);
    if (call == null) {
      return;
    }
    var whole = call.shown(arguments);
    if (whole.startsWith(call.streamed.toString())) {
      more(call, whole.substring(call.streamed.length()));
    }
    end(call, whole, status);
  }

  private void end(Open call, String whole, String status) {
    var done = call.at().put(call.field(), whole);
    if (call.input == null) {
      done.put("name", call.item.path("name").asText());
    }
    writer.write(call.event() + "done", done);
    call.item.put(call.field(), whole).put("status", status);
    item("done", call);
  }

  /** Ends the calls that the end of the run has left open. */
  void flush() {
    open.values().forEach(call -> end(call, call.streamed.toString(), INCOMPLETE));
    open.clear();
  }
}
