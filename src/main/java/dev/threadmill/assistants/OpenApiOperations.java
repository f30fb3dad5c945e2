package dev.threadmill.assistants;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebhookSpec.ArgumentLocation;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The operations of an OpenAPI document (3.0 or 3.1) as functions. Each parameter is an argument of
 * its own, the request body is the argument {@code body}.
 */
public final class OpenApiOperations {
  private static final Pattern NOT_IN_NAMES = Pattern.compile("[^a-zA-Z0-9_-]+");
  private static final String BODY = "body";
  private static final int MAX_NAME = 64;
  private static final int MAX_PARAMETER = 256;
  private static final int MAX_DESCRIPTION = 1024;

  private final JsonNode document;
  private final String base;
  private final OpenApiSchemas schemas;

  /**
   * @param base address before the paths, without a slash at the end
   * @throws ApiException 400 if it is not such a document
   */
  public OpenApiOperations(JsonNode document, String base) {
    requireVersion3(document);
    this.document = document;
    this.base = base;
    this.schemas = new OpenApiSchemas(document);
  }

  /**
   * The document, if it is one of OpenAPI 3.
   *
   * @throws ApiException 400 if it is not
   */
  public static JsonNode requireVersion3(JsonNode document) {
    if (!document.path("openapi").asText().startsWith("3.") || !document.path("paths").isObject()) {
      throw ApiException.invalid(
          "document", "Invalid 'document': expected an OpenAPI document of version 3.");
    }
    return document;
  }

  /**
   * The address of the document's first server, without a slash at the end.
   *
   * @param baseUrl takes its place; null for none
   * @param documentUrl where the document comes from, by which relative addresses are resolved;
   *     null if it was sent
   * @throws ApiException 400 if that is no full address
   */
  public static String baseUrl(JsonNode document, String baseUrl, String documentUrl) {
    var server = document.at("/servers/0");
    var base = baseUrl == null ? server.path("url").asText("/") : baseUrl;
    for (var variable : server.path("variables").properties()) {
      base =
          base.replace("{" + variable.getKey() + "}", variable.getValue().path("default").asText());
    }
    if (documentUrl != null) {
      base = resolved(documentUrl, base);
    }
    if (!base.startsWith("http")) {
      throw ApiException.invalid(
          "base_url",
          "Invalid 'base_url': the document names no server by its full address, so give one.");
    }
    return base.replaceAll("/+$", "");
  }

  private static String resolved(String documentUrl, String base) {
    try {
      return URI.create(documentUrl).resolve(base).toString();
    } catch (IllegalArgumentException e) {
      return base;
    }
  }

  /** One operation as a function. */
  public record Operation(
      String id,
      String name,
      String description,
      WebhookSpec.Method method,
      String endpoint,
      JsonNode parameters,
      Map<String, ArgumentLocation> placement) {}

  /** The operation cannot be called by a tool. */
  private static final class UnusableOperationException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableOperationException(String why) {
      super(why);
    }
  }

  /**
   * The operations.
   *
   * @param wanted ids; null for all that a tool can call
   * @throws ApiException 400 if one that is wanted does not exist or cannot be called
   */
  public List<Operation> operations(List<String> wanted) {
    var operations = new ArrayList<Operation>();
    var names = new HashSet<String>();
    var missing = wanted == null ? new HashSet<String>() : new HashSet<>(wanted);
    for (var path : document.path("paths").properties()) {
      for (var method : WebhookSpec.Method.values()) {
        var node = path.getValue().path(method.name().toLowerCase(Locale.ROOT));
        var id = node.path("operationId").asText(method + " " + path.getKey());
        if (!node.isObject() || (wanted != null && !missing.remove(id))) {
          continue;
        }
        if (operations.size() == ToolSpec.MAX_PER_ASSISTANT) {
          throw ApiException.invalid(
              "tools",
              "Invalid 'tools': the document has more than %d operations that a tool can call. Name those to take in 'operations'."
                  .formatted(ToolSpec.MAX_PER_ASSISTANT));
        }
        try {
          operations.add(operation(id, method, path.getKey(), path.getValue(), node, names));
        } catch (UnusableOperationException e) {
          if (wanted != null) {
            throw ApiException.invalid(
                "operations",
                "Invalid 'operations': '%s' cannot be a tool: %s".formatted(id, e.getMessage()));
          }
        }
      }
    }
    if (!missing.isEmpty()) {
      throw ApiException.invalid(
          "operations", "Invalid 'operations': the document has no %s.".formatted(missing));
    }
    return operations;
  }

  private Operation operation(
      String id,
      WebhookSpec.Method method,
      String path,
      JsonNode pathItem,
      JsonNode node,
      Set<String> names)
      throws UnusableOperationException {
    var properties = Json.MAPPER.createObjectNode();
    var required = Json.MAPPER.createArrayNode();
    var placement = new HashMap<String, ArgumentLocation>();
    for (var parameter : parameters(pathItem, node)) {
      var name = parameter.path("name").asText();
      requireName(id, name);
      var place = place(parameter, name);
      if (place == null) {
        continue;
      }
      if (placement.put(name, place) != null) {
        throw new UnusableOperationException("it has two parameters '%s'.".formatted(name));
      }
      properties.set(name, schema(parameter));
      if (parameter.path("required").asBoolean() || place == ArgumentLocation.PATH) {
        required.add(name);
      }
    }
    addBody(node, properties, required, placement);
    var parameters = Json.MAPPER.createObjectNode().put("type", "object");
    parameters.set("properties", properties);
    parameters.set("required", required);
    parameters.put("additionalProperties", false);
    return new Operation(
        id,
        uniqueName(id, names),
        description(node),
        method,
        base + path,
        schemas.withDefinitions(parameters),
        placement);
  }

  private static void requireName(String id, String name) {
    if (name.isEmpty() || name.length() > MAX_PARAMETER) {
      throw ApiException.invalid(
          "document",
          "Invalid 'document': a parameter of the operation '%s' has a name of %,d characters; 1 to %d are possible."
              .formatted(clipped(id), name.length(), MAX_PARAMETER));
    }
  }

  /** The parameters of the operation, and those of its path that it does not override. */
  private List<JsonNode> parameters(JsonNode pathItem, JsonNode node) {
    var all = new LinkedHashMap<String, JsonNode>();
    for (var list : List.of(pathItem.path("parameters"), node.path("parameters"))) {
      for (var each : list) {
        var parameter = schemas.resolved(each);
        all.put(parameter.path("in").asText() + " " + parameter.path("name").asText(), parameter);
      }
    }
    return List.copyOf(all.values());
  }

  /** Null for a parameter that is not sent. */
  private static ArgumentLocation place(JsonNode parameter, String name)
      throws UnusableOperationException {
    boolean required = parameter.path("required").asBoolean();
    return switch (parameter.path("in").asText()) {
      case "path" -> ArgumentLocation.PATH;
      case "query" -> ArgumentLocation.QUERY;
      case "header" ->
          name.equalsIgnoreCase("authorization") || !WebhookSpec.isArgumentHeader(name)
              ? null
              : ArgumentLocation.HEADER;
      case "cookie" -> {
        if (required) {
          throw new UnusableOperationException("it needs the cookie '%s'.".formatted(name));
        }
        yield null;
      }
      default -> throw new UnusableOperationException("a parameter does not say where it goes.");
    };
  }

  private JsonNode schema(JsonNode parameter) {
    var given =
        parameter.has("schema")
            ? parameter.path("schema")
            : parameter.path("content").path("application/json").path("schema");
    var schema = schemas.converted(given.isObject() ? given : Json.MAPPER.createObjectNode());
    var description = parameter.path("description").asText("");
    if (schema instanceof ObjectNode object && !description.isEmpty() && !object.has("$ref")) {
      object.put("description", clipped(description));
    }
    return schema;
  }

  private void addBody(
      JsonNode node,
      ObjectNode properties,
      com.fasterxml.jackson.databind.node.ArrayNode required,
      Map<String, ArgumentLocation> placement)
      throws UnusableOperationException {
    if (!node.has("requestBody")) {
      return;
    }
    var body = schemas.resolved(node.path("requestBody"));
    boolean needed = body.path("required").asBoolean();
    JsonNode content = null;
    for (var type : body.path("content").properties()) {
      var name = type.getKey().split(";")[0].strip().toLowerCase(Locale.ROOT);
      if (content == null && (name.equals("application/json") || name.endsWith("+json"))) {
        content = type.getValue();
      }
    }
    if (content == null) {
      if (needed) {
        throw new UnusableOperationException("its body is not JSON.");
      }
      return;
    }
    if (placement.put(BODY, ArgumentLocation.PAYLOAD) != null) {
      throw new UnusableOperationException("it has both a body and a parameter of that name.");
    }
    var schema = content.path("schema");
    properties.set(
        BODY, schemas.converted(schema.isObject() ? schema : Json.MAPPER.createObjectNode()));
    if (needed) {
      required.add(BODY);
    }
  }

  private static String uniqueName(String id, Set<String> names) {
    var clean = NOT_IN_NAMES.matcher(id).replaceAll("_").replaceAll("^_+|_+$", "");
    var name = clean.substring(0, Math.min(MAX_NAME, clean.length()));
    for (int i = 2; name.isEmpty() || !names.add(name); i++) {
      var end = "_" + i;
      name = clean.substring(0, Math.min(MAX_NAME - end.length(), clean.length())) + end;
    }
    return name;
  }

  private static String description(JsonNode node) {
    var summary = node.path("summary").asText("");
    var description = node.path("description").asText("");
    var both = (summary + "\n" + description).strip();
    return both.isEmpty() ? null : clipped(both);
  }

  private static String clipped(String text) {
    return text.length() <= MAX_DESCRIPTION ? text : text.substring(0, MAX_DESCRIPTION - 1) + "…";
  }
}
