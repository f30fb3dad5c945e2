package dev.threadmill.tools.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.PathType;
import dev.threadmill.models.FunctionSpec;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Checks the arguments of tool calls against the JSON Schema (2020-12) of their functions. Nothing
 * is fetched for it: a schema refers to itself only.
 */
@Singleton
public class ArgumentValidator {
  private static final Logger LOG = Logger.getLogger(ArgumentValidator.class);
  private static final int MOST_CACHED = 2_000;
  private static final int MOST_VIOLATIONS = 20;

  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          builder ->
              builder
                  .schemaCacheEnabled(false)
                  .schemaRegistryConfig(
                      SchemaRegistryConfig.builder()
                          .pathType(PathType.JSON_POINTER)
                          .regularExpressionFactory(BoundedPattern::of)
                          .build()));

  private final Map<Key, Optional<Schema>> compiled =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Optional<Schema>> eldest) {
          return size() > MOST_CACHED;
        }
      };

  private record Key(JsonNode schema, boolean strict) {}

  /** What is wrong with arguments, by place; empty if nothing is. */
  public List<String> validate(FunctionSpec function, JsonNode arguments) {
    if (!arguments.isObject()) {
      return List.of("expected a JSON object");
    }
    if (function.parameters() == null) {
      return List.of();
    }
    var schema = compiled(new Key(function.parameters(), Boolean.TRUE.equals(function.strict())));
    if (schema.isEmpty()) {
      return List.of();
    }
    try {
      return schema.get().validate(arguments).stream()
          .limit(MOST_VIOLATIONS)
          .map(ArgumentValidator::text)
          .toList();
    } catch (BoundedPattern.MatchBudgetException | StackOverflowError e) {
      return List.of("a text takes too long to compare with its pattern");
    } catch (SchemaException e) {
      return unusable(e);
    }
  }

  private static String text(Error error) {
    var place = error.getInstanceLocation().toString();
    return (place.isEmpty() ? "" : place + ": ") + error.getMessage();
  }

  /** Empty for what is no schema, by which nothing can be checked. */
  private Optional<Schema> compiled(Key key) {
    synchronized (compiled) {
      return compiled.computeIfAbsent(key, this::compile);
    }
  }

  private Optional<Schema> compile(Key key) {
    try {
      var schema =
          registry.getSchema(
              key.strict() ? StrictSchemas.closeObjects(key.schema()) : withoutId(key));
      schema.validate(com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode());
      return Optional.of(schema);
    } catch (RuntimeException e) {
      unusable(e);
      return Optional.empty();
    }
  }

  /** An id would only say where the schema could be fetched from. */
  private static JsonNode withoutId(Key key) {
    return key.schema() instanceof ObjectNode object && object.has("$id")
        ? object.deepCopy().without("$id")
        : key.schema();
  }

  private static List<String> unusable(RuntimeException e) {
    LOG.debugf("schema unusable error=%s", e.getMessage());
    return List.of();
  }
}
