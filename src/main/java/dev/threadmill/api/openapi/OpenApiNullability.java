package dev.threadmill.api.openapi;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.media.Content;
import org.eclipse.microprofile.openapi.models.media.Schema;

/**
 * Says which fields may be null. A field of a body may be, which means the same as leaving it out,
 * unless the body is refused without it. A field of an answer is there and may be null, unless it
 * always has a value.
 */
final class OpenApiNullability {
  /** Fields of answers that always have a value. */
  private static final Set<String> ALWAYS_SET =
      Set.of(
          "id",
          "object",
          "created_at",
          "created",
          "data",
          "first_id",
          "last_id",
          "has_more",
          "deleted",
          "status",
          "role",
          "type",
          "message",
          "choices",
          "owned_by",
          "step_id",
          "exact",
          "parts");

  private final Map<String, Schema> schemas;
  private final Set<String> ofAnswers = new HashSet<>();
  private final Set<String> ofBodies = new HashSet<>();

  private OpenApiNullability(Map<String, Schema> schemas) {
    this.schemas = schemas;
  }

  static void describe(OpenAPI api) {
    var nullability = new OpenApiNullability(api.getComponents().getSchemas());
    api.getPaths()
        .getPathItems()
        .values()
        .forEach(item -> item.getOperations().values().forEach(nullability::collect));
    nullability.schemas.forEach(nullability::describe);
  }

  private void collect(Operation operation) {
    if (operation.getRequestBody() != null) {
      collect(operation.getRequestBody().getContent(), ofBodies);
    }
    operation
        .getResponses()
        .getAPIResponses()
        .values()
        .forEach(response -> collect(response.getContent(), ofAnswers));
  }

  private void collect(Content content, Set<String> names) {
    if (content != null) {
      content.getMediaTypes().values().forEach(type -> collect(type.getSchema(), names));
    }
  }

  private void collect(Schema schema, Set<String> names) {
    if (schema == null) {
      return;
    }
    if (schema.getRef() != null) {
      var name = OpenApiDocument.name(schema.getRef());
      if (names.add(name)) {
        collect(schemas.get(name), names);
      }
    }
    collect(schema.getItems(), names);
    collect(schema.getAdditionalPropertiesSchema(), names);
    if (schema.getProperties() != null) {
      schema.getProperties().values().forEach(property -> collect(property, names));
    }
    if (schema.getAnyOf() != null) {
      schema.getAnyOf().forEach(each -> collect(each, names));
    }
    if (schema.getOneOf() != null) {
      schema.getOneOf().forEach(each -> collect(each, names));
    }
  }

  private void describe(String name, Schema schema) {
    if (schema.getProperties() == null || name.equals("Error")) {
      return;
    }
    var required =
        schema.getRequired() == null ? Set.<String>of() : Set.copyOf(schema.getRequired());
    var properties = new LinkedHashMap<String, Schema>();
    schema
        .getProperties()
        .forEach(
            (field, property) -> {
              boolean hasValue =
                  ofBodies.contains(name) ? required.contains(field) : ALWAYS_SET.contains(field);
              properties.put(field, hasValue ? property : orNull(property));
            });
    schema.properties(properties);
  }

  private static Schema orNull(Schema property) {
    boolean isAnything =
        property.getRef() == null
            && property.getType() == null
            && property.getAnyOf() == null
            && property.getOneOf() == null;
    if (isAnything) {
      return property;
    }
    if (property.getType() != null && property.getEnumeration() == null) {
      return property.addType(Schema.SchemaType.NULL);
    }
    return OASFactory.createSchema()
        .addAnyOf(property)
        .addAnyOf(OASFactory.createSchema().addType(Schema.SchemaType.NULL));
  }
}
