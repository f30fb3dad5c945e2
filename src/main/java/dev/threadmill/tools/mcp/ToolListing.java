package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.SchemaLimits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tools that an MCP server lists, as far as models can be offered them, and why others are left
 * out. Built page by page. Not thread-safe.
 */
final class ToolListing {
  private static final int MAX_TOOLS = 1_000;
  private static final int MAX_CHARACTERS = 1 << 20;
  private static final int MAX_NAME = 256;
  private static final int MAX_DESCRIPTION = 4_096;
  private static final int MAX_WARNINGS = 20;

  private final List<ListedTool> tools = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Set<String> cursors = new HashSet<>();
  private int characters;
  private boolean isCut;

  /**
   * A tool of an MCP server.
   *
   * @param name as the server has it
   * @param description null if the server gives none
   * @param parameters a JSON Schema of type object that has {@code properties}
   * @param isRepeatable whether the tool says that it may be called again: it only reads, or is
   *     idempotent
   * @param onlyReads whether the tool says that it changes nothing
   */
  record ListedTool(
      String name,
      String description,
      JsonNode parameters,
      boolean isRepeatable,
      boolean onlyReads) {}

  /**
   * Takes a page of the list.
   *
   * @param page the result of {@code tools/list}
   * @return the cursor of the next page; null if the list ends here
   */
  String add(JsonNode page) {
    for (var tool : page.path("tools")) {
      if (isCut) {
        break;
      }
      add(tool, page.path("tools").size());
    }
    var next = page.path("nextCursor");
    boolean isLast = isCut || !next.isTextual() || next.asText().isEmpty();
    if (isLast) {
      return null;
    }
    if (!cursors.add(next.asText()) || cursors.size() > MAX_TOOLS) {
      warn("its list of tools does not end; it was read up to a cursor that repeats");
      return null;
    }
    return next.asText();
  }

  List<ListedTool> tools() {
    return List.copyOf(tools);
  }

  /** What was left out and why, each a clause that follows the name of the server. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  private void add(JsonNode tool, int ofPage) {
    var name = tool.path("name").isTextual() ? StorableText.of(tool.path("name").asText()) : "";
    if (name.isBlank() || name.length() > MAX_NAME) {
      warn("a tool without a usable name is left out");
      return;
    }
    var parameters = parameters(name, tool.path("inputSchema"));
    if (parameters == null) {
      return;
    }
    int size = parameters.toString().length();
    if (tools.size() == MAX_TOOLS || characters + size > MAX_CHARACTERS) {
      isCut = true;
      warn(
          tools.size() == MAX_TOOLS
              ? "it lists more than %,d tools; the rest is left out".formatted(MAX_TOOLS)
              : "the schemas of its tools take more than %,d characters; the rest is left out"
                  .formatted(MAX_CHARACTERS));
      return;
    }
    if (!names.add(name)) {
      warn("its tool '%s' is listed more than once; the first counts".formatted(name));
      return;
    }
    characters += size;
    tools.add(
        new ListedTool(name, description(tool), parameters, isRepeatable(tool), onlyReads(tool)));
  }

  private static boolean isRepeatable(JsonNode tool) {
    return onlyReads(tool) || tool.at("/annotations/idempotentHint").asBoolean();
  }

  private static boolean onlyReads(JsonNode tool) {
    return tool.at("/annotations/readOnlyHint").asBoolean();
  }

  private static String description(JsonNode tool) {
    for (var place : List.of("/description", "/title", "/annotations/title")) {
      var text = tool.at(place);
      if (text.isTextual() && !text.asText().isBlank()) {
        var description = StorableText.of(text.asText());
        return description.length() <= MAX_DESCRIPTION
            ? description
            : StorableText.of(description.substring(0, MAX_DESCRIPTION));
      }
    }
    return null;
  }

  /** A schema that every provider takes; null, with a warning, if none can be made of it. */
  private JsonNode parameters(String name, JsonNode written) {
    var given = RepairSchema.parsed(written);
    if (given.isMissingNode() || given.isNull() || given.isBoolean() && given.asBoolean()) {
      return anyObject();
    }
    if (!(given instanceof ObjectNode object) || !allowsObjects(object.path("type"))) {
      warn("its tool '%s' is left out: its input schema is not that of an object".formatted(name));
      return null;
    }
    var schema = object.deepCopy();
    // It names the dialect, which some providers refuse.
    schema.remove("$schema");
    schema.put("type", "object");
    if (!schema.path("properties").isObject()) {
      schema.putObject("properties");
    }
    RepairSchema.repair(schema);
    try {
      SchemaLimits.require("inputSchema", schema);
    } catch (ApiException e) {
      warn("its tool '%s' is left out: %s".formatted(name, e.getMessage()));
      return null;
    }
    return schema;
  }

  private static boolean allowsObjects(JsonNode type) {
    if (type.isArray()) {
      for (var each : type) {
        if (each.asText().equals("object")) {
          return true;
        }
      }
      return false;
    }
    return !type.isTextual() || type.asText().isBlank() || type.asText().equals("object");
  }

  private static JsonNode anyObject() {
    var schema = Json.MAPPER.createObjectNode().put("type", "object");
    schema.putObject("properties");
    return schema;
  }

  private void warn(String text) {
    if (warnings.size() < MAX_WARNINGS) {
      warnings.add(text);
    }
  }
}
