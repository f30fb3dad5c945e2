package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ToolChoice;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads {@code tools} and {@code tool_choice}. Tools that this server does not have are left out:
 * clients send those of the newest API with every request.
 */
final class ReadTools {
  private static final String FUNCTION = "function";
  private static final String CUSTOM = "custom";
  private static final String MCP = "mcp";
  private static final String NAMESPACE = "namespace";
  private static final int MAX_NAME = 64;
  private static final JsonNode TEXT_INPUT =
      Json.tree(
          "{\"type\": \"object\", \"properties\": {\"input\": {\"type\": \"string\"}},"
              + " \"required\": [\"input\"], \"additionalProperties\": false}");

  /** The fields of each kind that a run takes as they are. */
  private static final Map<String, Set<String>> OWN_FIELDS =
      Map.of(
          MCP,
          Set.of(
              "type",
              "server_label",
              "server_url",
              "server_description",
              "connector_id",
              "headers",
              "authorization",
              "allowed_tools",
              "require_approval"));

  private static final Set<String> OURS = Set.of("webhook", "openapi", "agent_routing");

  private static final Set<String> WEB_SEARCH_FIELDS =
      Set.of("filters", "user_location", "search_context_size");

  private static final Set<String> SECRETS = Set.of("headers", "authorization");

  private final List<ToolSpec> specs = new ArrayList<>();
  private final List<JsonNode> sources = new ArrayList<>();
  private final Map<String, OfferedTools.ClientName> names = new LinkedHashMap<>();
  private final List<OfferedTools.CodeFile> codeFiles = new ArrayList<>();
  private final OfferedTools.Availability availability;
  private final String model;
  private OfferedTools.CodeContainer container;
  private String whyNoWebSearch;

  private ReadTools(OfferedTools.Availability availability, String model) {
    this.availability = availability;
    this.model = model;
  }

  /**
   * The tools of a body.
   *
   * @throws ApiException 400 that names the field
   */
  static OfferedTools of(JsonNode body, OfferedTools.Availability availability) {
    var tools = body.path("tools");
    if (!RequestFields.isAbsent(tools) && !tools.isArray()) {
      throw RequestFields.type("tools", "a list of tools");
    }
    var reading = new ReadTools(availability, body.path("model").textValue());
    var echo = Json.MAPPER.createArrayNode();
    for (int i = 0; i < tools.size(); i++) {
      if (reading.add("tools[%d]".formatted(i), tools.get(i))) {
        echo.add(withoutSecrets(tools.get(i)));
      }
    }
    var choice = reading.choice(body.path("tool_choice"));
    var specs = ToolSpec.validated(reading.specs, ToolSpec.MAX_PER_ASSISTANT);
    return new OfferedTools(
        specs, reading.names, echo, choice, reading.codeFiles, reading.container);
  }

  private static JsonNode withoutSecrets(JsonNode tool) {
    return ((ObjectNode) tool.deepCopy()).without(SECRETS);
  }

  private boolean add(String path, JsonNode tool) {
    if (!tool.isObject()) {
      throw RequestFields.type(path, "a tool");
    }
    var type = tool.path("type").asText("");
    switch (type) {
      case FUNCTION -> function(path, tool, null);
      case CUSTOM -> custom(path, tool);
      case NAMESPACE -> namespace(path, tool);
      case "file_search" -> spec(path, tool, ReadFileSearch.of(path, tool));
      case "code_interpreter" -> codeInterpreter(path, tool);
      case MCP -> spec(path, tool, only(tool, OWN_FIELDS.get(MCP)));
      case "" -> throw ApiException.missing(path + ".type");
      default -> {
        if (WebSearchSpec.NAMES.matcher(type).matches()) {
          return webSearch(path, tool);
        }
        if (!OURS.contains(type)) {
          return false;
        }
        spec(path, tool, tool);
      }
    }
    return true;
  }

  private void namespace(String path, JsonNode tool) {
    var name = RequestFields.text(path, tool, "name");
    if (name == null || name.isBlank()) {
      throw ApiException.missing(path + ".name");
    }
    if (name.length() > MAX_NAME) {
      throw ApiException.invalid(
          path + ".name",
          "Invalid '%s.name': expected at most %d characters.".formatted(path, MAX_NAME));
    }
    var members = RequestFields.list(path, tool, "tools");
    for (int i = 0; i < members.size(); i++) {
      var member = "%s.tools[%d]".formatted(path, i);
      if (!members.get(i).path("type").asText("").equals(FUNCTION)) {
        throw ApiException.invalid(
            member + ".type",
            "unsupported_value",
            "Invalid '%s.type': a namespace may have tools of the type 'function' only."
                .formatted(member));
      }
      function(member, members.get(i), name);
    }
  }

  private static ObjectNode only(JsonNode tool, Set<String> fields) {
    return ((ObjectNode) tool.deepCopy()).retain(fields);
  }

  private void spec(String path, JsonNode source, JsonNode tool) {
    try {
      specs.add(JsonBody.read(tool.toString().getBytes(StandardCharsets.UTF_8), ToolSpec.class));
      sources.add(source);
    } catch (ApiException e) {
      throw below(path, e);
    }
  }

  private static ApiException below(String path, ApiException e) {
    var error = e.error();
    // The options of a file search stand in the tool itself here.
    var param =
        error.param() == null
            ? path
            : path + "." + error.param().replaceFirst("^file_search\\.", "");
    return ApiException.invalid(
        param,
        error.code(),
        error.param() == null
            ? error.message()
            : error.message().replace("'" + error.param() + "'", "'" + param + "'"));
  }

  private void function(String path, JsonNode tool, String namespace) {
    var name = RequestFields.text(path, tool, "name");
    var unique = namespace == null || name == null ? name : inNamespace(namespace, name);
    var description = RequestFields.text(path, tool, "description");
    var strict = tool.path("strict");
    if (!RequestFields.isAbsent(strict) && !strict.isBoolean()) {
      throw RequestFields.type(path + ".strict", "true or false");
    }
    try {
      specs.add(
          new ToolSpec.Function(
              new FunctionSpec(
                  unique,
                  description,
                  tool.get("parameters"),
                  strict.isBoolean() ? strict.booleanValue() : null)));
    } catch (ApiException e) {
      throw below(path, e);
    }
    sources.add(tool);
    if (namespace != null) {
      names.put(unique, new OfferedTools.ClientName(name, namespace, false));
    }
  }

  private static String inNamespace(String namespace, String name) {
    var whole = (namespace + "__" + name).replaceAll("[^a-zA-Z0-9_-]", "_");
    return whole.length() <= MAX_NAME ? whole : whole.substring(whole.length() - MAX_NAME);
  }

  private void custom(String path, JsonNode tool) {
    if (!tool.at("/format/type").asText("text").equals("text")) {
      var param = path + ".format";
      throw ApiException.invalid(
          param,
          "unsupported_value",
          "Invalid '%s': this server has no grammars. Use the format 'text'.".formatted(param));
    }
    var name = RequestFields.text(path, tool, "name");
    var description = RequestFields.text(path, tool, "description");
    try {
      specs.add(new ToolSpec.Function(new FunctionSpec(name, description, TEXT_INPUT, null)));
    } catch (ApiException e) {
      throw below(path, e);
    }
    sources.add(tool);
    names.put(name, new OfferedTools.ClientName(name, null, true));
  }

  /** Whether this server can search the web for the model. What it does not know is left out. */
  private boolean webSearch(String path, JsonNode tool) {
    var known = only(tool, WEB_SEARCH_FIELDS).put("type", WebSearchSpec.TYPE);
    spec(path, tool, known);
    var objection = availability.objection(model, specs.getLast());
    if (objection.isPresent()) {
      whyNoWebSearch = objection.get();
      specs.removeLast();
      sources.removeLast();
    }
    return objection.isEmpty();
  }

  private void codeInterpreter(String path, JsonNode tool) {
    var read = ReadCodeInterpreter.of(path + ".container", tool.path("container"));
    container = read.container();
    codeFiles.addAll(read.files());
    spec(path, tool, read.spec());
  }

  /** Null for the choice of the model. Tools that are not allowed are taken away. */
  private ToolChoice choice(JsonNode choice) {
    if (RequestFields.isAbsent(choice)) {
      return null;
    }
    if (choice.isTextual()) {
      return switch (choice.textValue()) {
        case "auto" -> ToolChoice.AUTO;
        case "none" -> ToolChoice.NONE;
        case "required" -> ToolChoice.REQUIRED;
        default -> throw invalidChoice("tool_choice");
      };
    }
    return switch (choice.path("type").asText("")) {
      case FUNCTION, CUSTOM -> named(choice);
      case "file_search", "code_interpreter" -> {
        allow(List.of(choice));
        if (specs.isEmpty()) {
          throw invalidChoice("tool_choice.type");
        }
        yield ToolChoice.REQUIRED;
      }
      case String type when WebSearchSpec.NAMES.matcher(type).matches() -> {
        allow(List.of(choice));
        if (specs.isEmpty()) {
          throw whyNoWebSearch == null
              ? invalidChoice("tool_choice.type")
              : ApiException.invalid(
                  "tool_choice.type", "Invalid 'tool_choice.type': " + whyNoWebSearch);
        }
        yield ToolChoice.REQUIRED;
      }
      case MCP -> {
        allow(List.of(choice));
        if (specs.isEmpty()) {
          throw invalidChoice("tool_choice.server_label");
        }
        yield choice.path("name").isTextual()
            ? new ToolChoice.Function(
                choice.path("server_label").asText() + "_" + choice.path("name").asText())
            : ToolChoice.REQUIRED;
      }
      case "allowed_tools" -> {
        var allowed = new ArrayList<JsonNode>();
        choice.path("tools").forEach(allowed::add);
        allow(allowed);
        yield switch (choice.path("mode").asText("auto")) {
          case "auto" -> ToolChoice.AUTO;
          case "required" -> ToolChoice.REQUIRED;
          default -> throw invalidChoice("tool_choice.mode");
        };
      }
      default -> throw invalidChoice("tool_choice.type");
    };
  }

  private ToolChoice named(JsonNode choice) {
    var name = choice.path("name").asText("");
    for (var spec : specs) {
      if (spec instanceof ToolSpec.Function(var function)
          && (function.name().equals(name)
              || names.containsKey(function.name())
                  && names.get(function.name()).name().equals(name))) {
        return new ToolChoice.Function(function.name());
      }
    }
    throw invalidChoice("tool_choice.name");
  }

  private void allow(List<JsonNode> allowed) {
    for (int i = specs.size() - 1; i >= 0; i--) {
      var source = sources.get(i);
      if (allowed.stream().noneMatch(each -> allows(each, source))) {
        specs.remove(i);
        sources.remove(i);
      }
    }
  }

  private static boolean allows(JsonNode allowed, JsonNode tool) {
    for (var field : List.of("type", "name", "server_label")) {
      boolean isGiven =
          allowed.has(field) && !(field.equals("name") && tool.path("type").asText().equals(MCP));
      if (isGiven
          && !allowed.get(field).equals(tool.path(field))
          && !(isWebSearch(allowed.get(field)) && isWebSearch(tool.path(field)))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isWebSearch(JsonNode type) {
    return type.isTextual() && WebSearchSpec.NAMES.matcher(type.textValue()).matches();
  }

  private static ApiException invalidChoice(String param) {
    return ApiException.invalid(
        param,
        "Invalid '%s': expected 'none', 'auto', 'required', or a tool of this request."
            .formatted(param));
  }
}
