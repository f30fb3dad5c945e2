package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.runs.spec.SummaryTexts;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Reads the items of a request. */
@ApplicationScoped
public class ReadItems {
  /** The metadata of a message that was sent with the role of a system message. */
  public static final String ROLE = "role";

  /** An item by which a client asks for a compaction of all that precedes it. */
  public static final String TRIGGER = "compaction_trigger";

  private static final int MAX_ITEMS = 10_000;
  private static final String APPROVED = "approve";

  /** Items that are not sent to the model: the messages after them contain what the model needs. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "file_search_call",
          "web_search_call",
          "mcp_list_tools",
          "mcp_approval_request",
          "image_generation_call",
          TRIGGER,
          "tool_search_call",
          "tool_search_output",
          "additional_tools");

  private final SealedItems sealed;
  private final DownloadFiles downloadFiles;
  private final InputFiles inputFiles;

  ReadItems(SealedItems sealed, DownloadFiles downloadFiles, InputFiles inputFiles) {
    this.inputFiles = inputFiles;
    this.sealed = sealed;
    this.downloadFiles = downloadFiles;
  }

  /**
   * How items are read.
   *
   * @param systemApart whether the text of system messages is returned apart, not as messages
   * @param referenced finds the item that an {@code item_reference} names; null for none
   * @param files makes the part of a message that refers to a file
   * @param storesFiles whether files that items contain are stored, and the items refer to them
   * @param keepsImages whether images in data URLs are stored as files, too
   * @param maxItems how many items there may be
   */
  public record Mode(
      boolean systemApart,
      Function<String, JsonNode> referenced,
      Function<String, ContentPart.File> files,
      boolean storesFiles,
      boolean keepsImages,
      int maxItems) {
    /** Files stay as they are sent. */
    public Mode(boolean systemApart, Function<String, JsonNode> referenced) {
      this(systemApart, referenced, ContentPart.File::new, false, true, MAX_ITEMS);
    }

    /**
     * As above, with the files of the items stored.
     *
     * @param images whether images are stored as well
     */
    public Mode storingFiles(boolean images) {
      return new Mode(systemApart, referenced, files, true, images, maxItems);
    }

    /** For items of a history of this server, whose length is bounded by its characters. */
    public static Mode ofHistory(Function<String, ContentPart.File> files) {
      return new Mode(true, _ -> null, files, false, true, Integer.MAX_VALUE);
    }
  }

  /**
   * Reads the items at this path.
   *
   * @param input a list of items, or a text that is one message of the user
   * @throws ApiException 400 that names the field
   */
  public InputItems read(ProjectId project, String path, JsonNode input, Mode mode) {
    var reading = new Reading(project, mode);
    if (input.isTextual()) {
      var message = Json.MAPPER.createObjectNode().put("type", "message").put("role", "user");
      message.putArray("content").addObject().put("type", "input_text").set("text", input);
      reading.item(path, message);
    } else if (input.isArray()) {
      if (input.size() > mode.maxItems()) {
        throw ApiException.invalid(
            path, "Invalid '%s': expected at most %d items.".formatted(path, mode.maxItems()));
      }
      var items = downloadFiles.into(project, path, input);
      if (mode.storesFiles()) {
        var stored = inputFiles.store(project, path, items, mode.keepsImages());
        items = stored.items();
        reading.files = stored.files();
      }
      for (int i = 0; i < items.size(); i++) {
        reading.item("%s[%d]".formatted(path, i), items.get(i));
      }
    } else {
      throw InputContent.type(path, "a text or a list of items");
    }
    return reading.done();
  }

  /** A list of items that is being read. */
  private final class Reading {
    private final ProjectId project;
    private final Mode mode;
    private final List<Object> entries = new ArrayList<>();
    private final Map<String, CallGroup.Call> calls = new LinkedHashMap<>();
    private final Map<String, String> outputs = new LinkedHashMap<>();
    private final Map<String, String> approvals = new LinkedHashMap<>();
    private final StringBuilder system = new StringBuilder();
    private final List<JsonNode> items = new ArrayList<>();
    private Map<String, FileData> files = Map.of();
    private ReasoningState state;
    private CallGroup group;

    Reading(ProjectId project, Mode mode) {
      this.project = project;
      this.mode = mode;
    }

    void item(String path, JsonNode item) {
      if (!item.isObject()) {
        throw InputContent.type(path, "an item");
      }
      var type = item.path("type").asText(item.has("role") ? "message" : "");
      switch (type) {
        case "message" -> message(path, item);
        case "function_call" ->
            call(
                path,
                item,
                "call_id",
                InputContent.text(path + ".arguments", item.path("arguments")));
        case "custom_tool_call" -> call(path, item, "call_id", customArguments(path, item));
        case "function_call_output", "custom_tool_call_output" -> output(path, item);
        case "mcp_call" -> serverCall(path, item, item.path("name").asText(""), "output");
        case "code_interpreter_call" -> codeCall(path, item);
        case "mcp_approval_response" -> approval(path, item);
        case "reasoning" -> reasoning(path, item);
        case "compaction" -> compaction(path, item);
        case "item_reference" -> reference(path, item);
        default -> {
          if (!LEFT_OUT.contains(type)) {
            throw InputContent.value(path + ".type", item.path("type"));
          }
        }
      }
      if (!type.equals("item_reference")) {
        items.add(item);
      }
    }

    private void reference(String path, JsonNode item) {
      var id = InputContent.text(path + ".id", item.path("id"));
      var found = mode.referenced().apply(id);
      if (found == null) {
        throw ApiException.invalid(
            path + ".id", "Item with id '%s' not found.".formatted(clip(id)));
      }
      item(path, found);
    }

    private void message(String path, JsonNode item) {
      var content =
          InputContent.parts(
              path + ".content", item.path("content"), this::file, mode.keepsImages());
      var role = InputContent.text(path + ".role", item.path("role"));
      switch (role) {
        case "user" -> add(path, CreateMessage.Role.USER, content, null);
        case "assistant" -> {
          if (!ContentPart.textOf(content).isEmpty()) {
            add(path, CreateMessage.Role.ASSISTANT, content, null);
          }
        }
        case "system", "developer" -> {
          if (mode.systemApart()) {
            system.append(system.isEmpty() ? "" : "\n\n").append(ContentPart.textOf(content));
          } else {
            add(path, CreateMessage.Role.USER, content, new Metadata(Map.of(ROLE, role)));
          }
        }
        default -> throw InputContent.value(path + ".role", item.path("role"));
      }
    }

    private ContentPart.File file(String id) {
      var data = files.get(id);
      return data == null ? mode.files().apply(id) : new ContentPart.File(id, data);
    }

    private void add(
        String path, CreateMessage.Role role, List<ContentPart> content, Metadata metadata) {
      try {
        entries.add(
            new ThreadEntry.OfMessage(new CreateMessage(role, content, null, metadata, null)));
      } catch (ApiException e) {
        throw ApiException.invalid(
            path + ".content", "Invalid '%s.content': must not be empty.".formatted(path));
      }
      group = null;
      state = null;
    }

    private String customArguments(String path, JsonNode item) {
      return Json.MAPPER
          .createObjectNode()
          .put("input", InputContent.text(path + ".input", item.path("input")))
          .toString();
    }

    private CallGroup.Call call(String path, JsonNode item, String idField, String arguments) {
      var id = InputContent.text(path + "." + idField, item.path(idField));
      boolean isIncomplete = item.path("status").asText().equals("incomplete");
      var call =
          new CallGroup.Call(
              id, name(path, item), arguments.isEmpty() ? "{}" : arguments, isIncomplete);
      if (calls.putIfAbsent(id, call) != null) {
        throw ApiException.invalid(
            path + "." + idField,
            "Invalid '%s.%s': there are two calls of this id.".formatted(path, idField));
      }
      if (group == null) {
        group = new CallGroup(new ArrayList<>(), state);
        state = null;
        entries.add(group);
      }
      group.calls().add(call);
      return call;
    }

    private static String name(String path, JsonNode item) {
      var name = InputContent.text(path + ".name", item.path("name"));
      if (name.isEmpty() || name.length() > 256) {
        throw InputContent.value(path + ".name", item.path("name"));
      }
      return name;
    }

    private void serverCall(String path, JsonNode item, String name, String outputField) {
      var output = item.path(outputField);
      if (!name.isEmpty() && output.isTextual()) {
        call(path, item, "id", item.path("arguments").asText("{}")).output = output.textValue();
        group = null;
      }
    }

    private void codeCall(String path, JsonNode item) {
      var logs = new StringBuilder();
      for (var each : item.path("outputs")) {
        logs.append(each.path("logs").asText(""));
      }
      if (item.path("code").isTextual() && item.path("id").isTextual()) {
        var named = item.deepCopy();
        ((ObjectNode) named).put("name", "code_interpreter");
        var arguments = Json.MAPPER.createObjectNode().set("code", item.get("code")).toString();
        call(path, named, "id", arguments).output = logs.toString();
        group = null;
      }
    }

    private void output(String path, JsonNode item) {
      var id = InputContent.text(path + ".call_id", item.path("call_id"));
      var parts =
          InputContent.parts(path + ".output", item.path("output"), this::file, mode.keepsImages());
      var output = InputContent.outputText(parts);
      var call = calls.get(id);
      if (call != null && call.output == null) {
        call.output = output;
      } else if (call != null || outputs.putIfAbsent(id, output) != null) {
        throw ApiException.invalid(
            path + ".call_id",
            "Invalid '%s.call_id': there are two outputs of this call.".formatted(path));
      }
      // The next call belongs to another answer, unless calls of this one are still open.
      if (group != null && group.calls().stream().noneMatch(each -> each.output == null)) {
        group = null;
      }
      addImages(path, id, parts);
    }

    /** Outputs are text for most providers, so a message of the user has the images of one. */
    private void addImages(String path, String call, List<ContentPart> output) {
      var images =
          output.stream()
              .filter(
                  part ->
                      part instanceof ContentPart.ImageFile || part instanceof ContentPart.ImageUrl)
              .toList();
      // A conversation takes no message while a run waits for the output.
      if (!images.isEmpty() && mode.systemApart()) {
        var content = new ArrayList<ContentPart>();
        content.add(ContentPart.text("[images of the output of the call %s]".formatted(call)));
        content.addAll(images);
        add(path, CreateMessage.Role.USER, content, null);
      }
    }

    private void approval(String path, JsonNode item) {
      var id = InputContent.text(path + ".approval_request_id", item.path("approval_request_id"));
      if (!item.path(APPROVED).isBoolean()) {
        throw InputContent.type(path + ".approve", "true or false");
      }
      var decision =
          Json.MAPPER.createObjectNode().put(APPROVED, item.path(APPROVED).booleanValue());
      if (item.path("reason").isTextual()) {
        decision.put("reason", item.path("reason").textValue());
      }
      approvals.put(id, decision.toString());
    }

    private void reasoning(String path, JsonNode item) {
      var content = item.path("encrypted_content");
      if (content.isTextual()) {
        state = sealed.stateOf(project, path, content.textValue()).orElse(null);
        group = null;
      }
    }

    private void compaction(String path, JsonNode item) {
      var content = InputContent.text(path + ".encrypted_content", item.path("encrypted_content"));
      var summary = sealed.summaryOf(project, path, content);
      add(
          path,
          CreateMessage.Role.USER,
          List.of(ContentPart.text(SummaryTexts.message(summary))),
          null);
    }

    InputItems done() {
      var all = new ArrayList<ThreadEntry>();
      for (var entry : entries) {
        if (entry instanceof CallGroup calls) {
          calls.entry().ifPresent(all::add);
        } else {
          all.add((ThreadEntry) entry);
        }
      }
      return new InputItems(all, outputs, approvals, system.toString(), items, files);
    }
  }

  private static String clip(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }
}
