package dev.threadmill.api.openapi;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.MediaType;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.RequestBody;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/**
 * What {@code /openapi} says about the API as a whole, and how types look in JSON, which the
 * scanner cannot see from their classes. {@link OpenApiNullability} says what may be null.
 */
@OpenApiFilter(OpenApiFilter.RunStage.BUILD)
public class OpenApiDocument implements OASFilter {
  private static final String KEY = "key";
  private static final String ERROR = "Error";
  private static final String FIELD = "Field";
  private static final String LIST = "List";
  private static final String REFERENCE = "#/components/schemas/";

  /** Methods of bodies that the scanner takes for fields. */
  private static final Set<String> METHODS = Set.of("streamed");

  /** Fields without which the body of a {@code POST} is refused. */
  private static final Map<String, List<String>> REQUIRED =
      Map.ofEntries(
          Map.entry("/v1/assistants", List.of("model")),
          Map.entry("/v1/threads/{thread_id}/messages", List.of("role", "content")),
          Map.entry("/v1/threads/runs", List.of("assistant_id")),
          Map.entry(
              "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs", List.of("tool_outputs")),
          Map.entry("/v1/threads/{thread_id}/memory/summaries", List.of("text")),
          Map.entry("/v1/threads/{thread_id}/memory/items/{item_id}", List.of("text")),
          Map.entry("/v1/threads/{thread_id}/memory/search", List.of("query")),
          Map.entry("/v1/projects", List.of("name")),
          Map.entry("/v1/chat/completions", List.of("model", "messages")),
          Map.entry("/v1/vector_stores/{vector_store_id}/files", List.of("file_id")),
          // either of two fields
          Map.entry("/v1/vector_stores/{vector_store_id}/file_batches", List.of()),
          Map.entry("/v1/vector_stores/{vector_store_id}/files/{file_id}", List.of("attributes")),
          Map.entry("/v1/vector_stores/{vector_store_id}/search", List.of("query")),
          Map.entry("/v1/uploads", List.of("filename", "purpose", "bytes", "mime_type")),
          Map.entry("/v1/uploads/{upload_id}/complete", List.of("part_ids")),
          Map.entry("/v1/webhook_endpoints", List.of("name", "url", "event_types")),
          Map.entry("/v1/webhook_endpoints/{webhook_endpoint_id}/test", List.of("event_type")),
          Map.entry(
              "/v1/projects/{project_id}/logs/webhooks", List.of("name", "url", "event_types")),
          Map.entry(
              "/v1/projects/{project_id}/logs/webhooks/{webhook_endpoint_id}/test",
              List.of("event_type")),
          Map.entry("/v1/client_tokens", List.of("user")),
          Map.entry("/v1/embeddings", List.of("model", "input")),
          Map.entry("/v1/moderations", List.of("input")));

  /** Operations that answer with a run, or with its events. */
  private static final Set<String> RUN_OPERATIONS =
      Set.of(
          "POST /v1/threads/runs",
          "POST /v1/threads/{thread_id}/runs",
          "GET /v1/threads/{thread_id}/runs/{run_id}",
          "POST /v1/threads/{thread_id}/runs/{run_id}/cancel",
          "POST /v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs");

  @Override
  public void filterOpenAPI(OpenAPI api) {
    api.info(
        OASFactory.createInfo()
            .title("Threadmill")
            .version("v1")
            .description(
                "Assistants, threads and runs on your own Postgres. /v2 and /v26 are other names of"
                    + " /v1."));
    // Relative to this document, so that it holds below a sub-path of a reverse proxy.
    api.servers(List.of(OASFactory.createServer().url(".")));
    if (api.getComponents() == null) {
      api.components(OASFactory.createComponents());
    }
    api.getComponents()
        .addSecurityScheme(
            KEY,
            OASFactory.createSecurityScheme()
                .type(SecurityScheme.Type.HTTP)
                .scheme("bearer")
                .description("An API key of a project, a client token, or the admin key"));
    api.addSecurityRequirement(OASFactory.createSecurityRequirement().addScheme(KEY));
    var schemas = schemas(api);
    api.getComponents().schemas(schemas);
    api.getPaths()
        .getPathItems()
        .forEach(
            (path, item) ->
                item.getOperations()
                    .forEach((method, operation) -> complete(path, method, operation)));
    requireFields(api);
    OpenApiNullability.describe(api);
    OpenApiExamples.addTo(api);
  }

  /**
   * What the scanner does not see of an operation: its object, its errors, whether it needs a body.
   */
  private static void complete(String path, PathItem.HttpMethod method, Operation operation) {
    if (RUN_OPERATIONS.contains(method + " " + path)) {
      addRun(operation);
    }
    // What MCP and A2A answer is JSON-RPC, errors included.
    if (!path.startsWith("/v1/mcp") && !path.startsWith("/v1/a2a")) {
      addError(operation);
    }
    var body = operation.getRequestBody();
    if (body != null) {
      body.required(REQUIRED.containsKey(path) || !isDescribed(body));
    }
  }

  private static boolean isDescribed(RequestBody body) {
    return schemasOf(body).allMatch(schema -> schema != null && schema.getRef() != null);
  }

  private static Stream<Schema> schemasOf(RequestBody body) {
    return body.getContent() == null
        ? Stream.empty()
        : body.getContent().getMediaTypes().values().stream().map(MediaType::getSchema);
  }

  private static void requireFields(OpenAPI api) {
    REQUIRED.forEach(
        (path, fields) -> {
          var item = api.getPaths().getPathItem(path);
          if (item != null && item.getPOST() != null) {
            schemasOf(item.getPOST().getRequestBody())
                .map(schema -> api.getComponents().getSchemas().get(name(schema.getRef())))
                .forEach(schema -> schema.required(fields));
          }
        });
  }

  private static void addRun(Operation operation) {
    operation
        .getResponses()
        .getAPIResponse("200")
        .getContent()
        .getMediaTypes()
        .forEach(
            (type, media) ->
                media.schema(
                    type.equals("application/json")
                        ? OASFactory.createSchema().ref("RunObject")
                        : string()));
  }

  static String name(String reference) {
    return reference.substring(reference.lastIndexOf('/') + 1);
  }

  private static Map<String, Schema> schemas(OpenAPI api) {
    var schemas = new LinkedHashMap<String, Schema>();
    var scanned = api.getComponents().getSchemas();
    if (scanned != null) {
      scanned.forEach(
          (name, schema) -> {
            if (!isField(name) && !name.equals("JsonNodeType")) {
              schemas.put(name, complete(name, shown(name, schema)));
            }
          });
    }
    schemas.put(ERROR, error());
    return schemas;
  }

  /** Constants as they are on the wire, fields that must be there, and none that are methods. */
  private static Schema complete(String name, Schema schema) {
    if (schema.getEnumeration() != null) {
      schema.enumeration(
          schema.getEnumeration().stream()
              .<Object>map(value -> value.toString().toLowerCase(Locale.ROOT))
              .toList());
    }
    if (schema.getProperties() != null) {
      METHODS.forEach(schema::removeProperty);
    }
    if (name.equals("CreateMessage")) {
      var parts = schema.getProperties().get("content");
      schema.addProperty("content", OASFactory.createSchema().addAnyOf(string()).addAnyOf(parts));
    }
    return schema;
  }

  /** The schema of a type as its JSON is. */
  private static Schema shown(String name, Schema schema) {
    var properties = schema.getProperties();
    if (properties != null && properties.keySet().equals(Set.of("value"))) {
      return string();
    }
    return switch (name) {
      case "Metadata" ->
          object().description("At most 16 pairs of texts").additionalPropertiesSchema(string());
      case "Attributes" ->
          object()
              .description("At most 16 pairs of texts and texts, numbers or booleans")
              .additionalPropertiesBoolean(true);
      case "Money" -> OASFactory.createSchema().addType(Schema.SchemaType.NUMBER);
      case "JsonNode" -> OASFactory.createSchema().description("Any JSON");
      case "ResponseFormat" ->
          OASFactory.createSchema().description("'auto', or an object with a type");
      case "ToolChoice" ->
          OASFactory.createSchema().description("'auto', 'none', 'required', or a tool to call");
      default -> isUnion(schema) ? schema.additionalPropertiesBoolean(true) : withoutFields(schema);
    };
  }

  /** Of a union the scanner sees the type alone; each variant has fields of its own. */
  private static boolean isUnion(Schema schema) {
    return schema.getProperties() != null && schema.getProperties().keySet().equals(Set.of("type"));
  }

  /** Whether a field of a body was sent or not makes no difference to what it may hold. */
  private static Schema withoutFields(Schema schema) {
    if (schema.getProperties() != null) {
      var properties = new LinkedHashMap<String, Schema>();
      schema
          .getProperties()
          .forEach((name, property) -> properties.put(name, withoutField(property)));
      schema.properties(properties);
    }
    return schema;
  }

  private static Schema withoutField(Schema property) {
    var reference = property.getRef();
    if (reference == null || !isField(reference.substring(REFERENCE.length()))) {
      return property;
    }
    return typed(reference.substring(REFERENCE.length() + FIELD.length()));
  }

  private static Schema typed(String name) {
    return switch (name) {
      case "String" -> string();
      case "Double" -> OASFactory.createSchema().addType(Schema.SchemaType.NUMBER);
      case "Integer" -> OASFactory.createSchema().addType(Schema.SchemaType.INTEGER);
      case "Boolean" -> OASFactory.createSchema().addType(Schema.SchemaType.BOOLEAN);
      default ->
          name.startsWith(LIST)
              ? OASFactory.createSchema()
                  .addType(Schema.SchemaType.ARRAY)
                  .items(typed(name.substring(LIST.length())))
              : OASFactory.createSchema().ref(name);
    };
  }

  private static boolean isField(String name) {
    return name.startsWith(FIELD)
        && name.length() > FIELD.length()
        && Character.isUpperCase(name.charAt(FIELD.length()));
  }

  private static Schema error() {
    var error =
        object()
            .addProperty("message", string())
            .addProperty("type", string())
            .addProperty("param", orNull(string()))
            .addProperty("code", orNull(string()))
            .required(List.of("message", "type", "param", "code"));
    return object().addProperty("error", error).required(List.of("error"));
  }

  private static void addError(Operation operation) {
    var responses = operation.getResponses();
    responses.addAPIResponse("default", refused());
    if (responses.getAPIResponse("400") != null) {
      responses.addAPIResponse("400", refused());
    }
  }

  private static APIResponse refused() {
    return OASFactory.createAPIResponse()
        .description("Refused or failed")
        .content(
            OASFactory.createContent()
                .addMediaType(
                    "application/json",
                    OASFactory.createMediaType().schema(OASFactory.createSchema().ref(ERROR))));
  }

  private static Schema object() {
    return OASFactory.createSchema().addType(Schema.SchemaType.OBJECT);
  }

  private static Schema orNull(Schema schema) {
    return schema.addType(Schema.SchemaType.NULL);
  }

  private static Schema string() {
    return OASFactory.createSchema().addType(Schema.SchemaType.STRING);
  }
}
