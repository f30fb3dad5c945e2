package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.runs.api.ThreadItem;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.tools.code.CodeArguments;
import java.util.List;
import java.util.Locale;

/** Items of threads as JSON. */
public final class ItemObjects {
  /** The status of a search of the web that has found nothing because it failed. */
  public static final String FAILED = "failed";

  /** The type of a list of the tools of an MCP server, as an item and as a call of a run. */
  public static final String MCP_LIST_TOOLS = "mcp_list_tools";

  /** The type of a summary that stands for a history, as an item and as a call of a run. */
  public static final String COMPACTION = "compaction";

  private static final String COMPLETED = "completed";
  private static final String NOT_LISTED = "The tools of the server were not listed.";

  private ItemObjects() {}

  /** An item of a thread. */
  public static ObjectNode of(ThreadItem item, SourceNames names) {
    return switch (item) {
      case ThreadItem.OfMessage(var key, var message) -> message(key.id(), message, names);
      case ThreadItem.OfReasoning(var key, var text) ->
          reasoning(ItemIds.with(ItemIds.REASONING, key.id()), text);
      case ThreadItem.OfCall call -> call(call, names);
      case ThreadItem.OfOutput(var key, var output) -> output(key.id(), output);
    };
  }

  private static ObjectNode message(String id, Message message, SourceNames names) {
    var role = message.metadata().pairs().get(ReadItems.ROLE);
    boolean isSystem = "system".equals(role) || "developer".equals(role);
    boolean isAssistant = message.role() == Message.Role.ASSISTANT;
    var object = item(id, "message", message.status().wire());
    object.put("role", isSystem ? role : message.role().wire());
    var content = object.putArray("content");
    message.content().forEach(part -> content.add(part(part, isAssistant, names)));
    return object;
  }

  /** A part of a message. */
  private static ObjectNode part(ContentPart part, boolean isAssistant, SourceNames names) {
    var object = Json.MAPPER.createObjectNode();
    switch (part) {
      case ContentPart.Text text -> {
        if (isAssistant) {
          return outputText(text.value(), text.text().annotations(), names);
        }
        object.put("type", "input_text").put("text", text.value());
      }
      case ContentPart.Refusal(var refusal) ->
          object.put("type", "refusal").put("refusal", refusal);
      case ContentPart.ImageUrl(var picture) ->
          object
              .put("type", "input_image")
              .put("image_url", picture.url())
              .putNull("file_id")
              .put("detail", picture.detail().name().toLowerCase(Locale.ROOT));
      case ContentPart.ImageFile(var picture, _) ->
          object
              .put("type", "input_image")
              .putNull("image_url")
              .put("file_id", picture.fileId())
              .put("detail", picture.detail().name().toLowerCase(Locale.ROOT));
      case ContentPart.File(var file, _) -> object.put("type", "input_file").put("file_id", file);
      case ContentPart.Audio(var sound) ->
          object
              .put("type", "input_audio")
              .putObject("input_audio")
              .put("data", sound.data())
              .put("format", sound.format());
    }
    return object;
  }

  /** Text of the model. */
  public static ObjectNode outputText(
      String text, List<Annotation> annotations, SourceNames names) {
    var object = Json.MAPPER.createObjectNode().put("type", "output_text").put("text", text);
    var list = object.putArray("annotations");
    annotations.forEach(annotation -> list.add(annotation(annotation, names)));
    object.putArray("logprobs");
    return object;
  }

  /** An annotation of text of the model. */
  public static ObjectNode annotation(Annotation annotation, SourceNames names) {
    var object = Json.MAPPER.createObjectNode();
    return switch (annotation) {
      case Annotation.FileCitation(_, _, var end, var file, _) ->
          object
              .put("type", "file_citation")
              .put("file_id", file.fileId())
              .put("filename", names.filename(file.fileId()))
              .put("index", end);
      case Annotation.FilePath(var link, var start, var end, var file) ->
          object
              .put("type", "container_file_citation")
              .put("container_id", names.containerOf(file.fileId()))
              .put("file_id", ItemIds.containerFile(file.fileId()))
              .put("filename", names.filename(file.fileId(), link))
              .put("start_index", start)
              .put("end_index", end);
      case Annotation.UrlCitation(_, var start, var end, var page) ->
          object
              .put("type", "url_citation")
              .put("url", page.url())
              .put("title", page.title())
              .put("start_index", start)
              .put("end_index", end);
    };
  }

  /** Reasoning in plain text. */
  public static ObjectNode reasoning(String id, String text) {
    var object = Json.MAPPER.createObjectNode().put("id", id).put("type", "reasoning");
    object.putArray("summary");
    object.putArray("content").addObject().put("type", "reasoning_text").put("text", text);
    object.putNull("encrypted_content");
    return object.put("status", COMPLETED);
  }

  private static ObjectNode call(ThreadItem.OfCall call, SourceNames names) {
    var id = call.key().id();
    return switch (call.by()) {
      case CLIENT ->
          item(ItemIds.with(ItemIds.FUNCTION_CALL, id), "function_call", COMPLETED)
              .put("call_id", id)
              .put("name", call.name())
              .put("arguments", call.arguments());
      case APPROVAL ->
          Json.MAPPER
              .createObjectNode()
              .put("id", ItemIds.with(ItemIds.APPROVAL, id))
              .put("type", "mcp_approval_request")
              .put("server_label", "mcp")
              .put("name", call.name())
              .put("arguments", call.arguments());
      case SERVER -> serverCall(id, call, names);
    };
  }

  /** A call that the server makes. Of other tools than its own only the kind is stored with it. */
  private static ObjectNode serverCall(String id, ThreadItem.OfCall call, SourceNames names) {
    var status = call.output() == null ? "in_progress" : COMPLETED;
    return switch (call.type()) {
      case "file_search" -> {
        var item = item(ItemIds.with(ItemIds.FILE_SEARCH, id), "file_search_call", status);
        item.set("queries", queries(call.arguments()));
        yield item.putNull("results");
      }
      case MCP_LIST_TOOLS ->
          mcpListTools(id, call.name(), call.output() == null ? "" : call.output());
      case "code_interpreter" ->
          item(ItemIds.with(ItemIds.CODE, id), "code_interpreter_call", status)
              .put("container_id", names.container())
              .put("code", code(call.arguments()))
              .putNull("outputs");
      case "web_search" -> {
        var ended = call.output() != null && call.details().isEmpty() ? FAILED : status;
        var item = item(ItemIds.with(ItemIds.WEB_SEARCH, id), "web_search_call", ended);
        item.set("action", search(call.arguments()));
        yield item;
      }
      default ->
          item(ItemIds.with(ItemIds.MCP_CALL, id), "mcp_call", status)
              .put("server_label", call.type())
              .put("name", call.name())
              .put("arguments", call.arguments())
              .put("output", call.output())
              .putNull("error")
              .putNull("approval_request_id");
    };
  }

  /** The queries in the arguments of a file search. */
  public static ArrayNode queries(String arguments) {
    var queries = Json.MAPPER.createArrayNode();
    var given = parsed(arguments);
    if (given.path("query").isTextual()) {
      queries.add(given.get("query"));
    }
    given.path("queries").forEach(queries::add);
    return queries;
  }

  /** The action of a search of the web with these arguments. */
  public static ObjectNode search(String arguments) {
    var query = parsed(arguments).path("query").asText("");
    var action = Json.MAPPER.createObjectNode().put("type", "search").put("query", query);
    action.putArray("queries").add(query);
    return action;
  }

  /**
   * The tools of an MCP server.
   *
   * @param call the id of the call that lists them
   * @param name of the call, which ends with the label of the server
   * @param output of the call: its tools, and why there are none; null while there is none yet
   */
  public static ObjectNode mcpListTools(String call, String name, String output) {
    var item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(ItemIds.MCP_LIST, call))
            .put("type", MCP_LIST_TOOLS)
            .put("server_label", name.substring(name.indexOf(':') + 1));
    var listing = output == null ? null : parsed(output);
    if (listing == null) {
      item.putArray("tools");
      return item.putNull("error");
    }
    item.set(
        "tools",
        listing.path("tools").isArray() ? listing.get("tools") : Json.MAPPER.createArrayNode());
    return item.put("error", listing.has("tools") ? listing.path("error").textValue() : NOT_LISTED);
  }

  /** The code in the arguments of a call of the code interpreter. */
  public static String code(String arguments) {
    var given = parsed(arguments);
    return given.path("code").isTextual()
        ? given.path("code").textValue()
        : given.path("input").asText("");
  }

  /** The text that a tool of the type {@code custom} is called with, also of a part of it. */
  public static String textInput(String arguments) {
    var input = parsed(arguments).path("input");
    return input.isTextual() ? input.textValue() : new CodeArguments().next(arguments);
  }

  private static JsonNode parsed(String arguments) {
    try {
      return Json.MAPPER.readTree(arguments.isBlank() ? "{}" : arguments);
    } catch (JsonProcessingException e) {
      return Json.MAPPER.createObjectNode();
    }
  }

  private static ObjectNode output(String id, String output) {
    return item(ItemIds.with(ItemIds.OUTPUT, id), "function_call_output", COMPLETED)
        .put("call_id", id)
        .put("output", output);
  }

  private static ObjectNode item(String id, String type, String status) {
    return Json.MAPPER.createObjectNode().put("id", id).put("type", type).put("status", status);
  }

  /** The id of an item. */
  public static String id(JsonNode item) {
    return item.path("id").asText();
  }
}
