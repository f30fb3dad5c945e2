package dev.threadmill.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/**
 * What {@code /openapi} says about the API as a whole, and how our own types look in JSON, which
 * the scanner cannot see from their classes.
 */
@OpenApiFilter(OpenApiFilter.RunStage.BUILD)
public class OpenApiDocument implements OASFilter {
  private static final String KEY = "key";
  private static final String ERROR = "Error";
  private static final String FIELD = "Field";
  private static final String LIST = "List";
  private static final String REFERENCE = "#/components/schemas/";

  @Override
  public void filterOpenAPI(OpenAPI api) {
    api.info(
        OASFactory.createInfo()
            .title("Threadmill")
            .version("v1")
            .description(
                "Assistants, threads and runs on your own Postgres. /v2 and /v26 are other names of"
                    + " /v1."));
    if (api.getComponents() == null) {
      api.components(OASFactory.createComponents());
    }
    api.getComponents()
        .addSecurityScheme(
            KEY,
            OASFactory.createSecurityScheme()
                .type(SecurityScheme.Type.HTTP)
                .scheme("bearer")
                .description("An API key of a project, or the admin key"));
    api.addSecurityRequirement(OASFactory.createSecurityRequirement().addScheme(KEY));
    var schemas = schemas(api);
    api.getComponents().schemas(schemas);
    api.getPaths()
        .getPathItems()
        .values()
        .forEach(path -> path.getOperations().values().forEach(OpenApiDocument::addError));
  }

  private static Map<String, Schema> schemas(OpenAPI api) {
    var schemas = new LinkedHashMap<String, Schema>();
    var scanned = api.getComponents().getSchemas();
    if (scanned != null) {
      scanned.forEach(
          (name, schema) -> {
            if (!isField(name) && !name.equals("JsonNodeType")) {
              schemas.put(name, shown(name, schema));
            }
          });
    }
    schemas.put(ERROR, error());
    return schemas;
  }

  /** The schema of a type as its JSON is. */
  private static Schema shown(String name, Schema schema) {
    var properties = schema.getProperties();
    if (properties != null && properties.keySet().equals(java.util.Set.of("value"))) {
      return string();
    }
    return switch (name) {
      case "Metadata" ->
          object().description("At most 16 pairs of texts").additionalPropertiesSchema(string());
      case "JsonNode" -> OASFactory.createSchema().description("Any JSON");
      case "ResponseFormat" ->
          OASFactory.createSchema().description("'auto', or an object with a type");
      case "ToolChoice" ->
          OASFactory.createSchema().description("'auto', 'none', 'required', or a tool to call");
      case "ToolSpec", "ContentPart" -> schema.additionalPropertiesBoolean(true);
      default -> withoutFields(schema);
    };
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
            .addProperty("param", string())
            .addProperty("code", string())
            .required(List.of("message", "type", "param", "code"));
    return object().addProperty("error", error).required(List.of("error"));
  }

  private static void addError(Operation operation) {
    operation
        .getResponses()
        .addAPIResponse(
            "default",
            OASFactory.createAPIResponse()
                .description("Refused or failed")
                .content(
                    OASFactory.createContent()
                        .addMediaType(
                            "application/json",
                            OASFactory.createMediaType()
                                .schema(OASFactory.createSchema().ref(ERROR)))));
  }

  private static Schema object() {
    return OASFactory.createSchema().addType(Schema.SchemaType.OBJECT);
  }

  private static Schema string() {
    return OASFactory.createSchema().addType(Schema.SchemaType.STRING);
  }
}
