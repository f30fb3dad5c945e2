package dev.threadmill.tools.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.networknt.schema.AbsoluteIri;
import com.networknt.schema.Error;
import com.networknt.schema.OutputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.PathType;
import dev.threadmill.api.HeavyWork;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.heap.HeapBytes;
import dev.threadmill.models.FunctionSpec;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Validates the arguments of tool calls against the JSON Schema (2020-12) of their functions.
 *
 * <p>Schemas come from callers and tool servers, so each evaluation has a budget of steps and time
 * ({@link EvaluationBudget}) and is {@link HeavyWork}, outside any shared lock. Nothing is fetched
 * or read for a schema but the meta-schemas that the validator carries.
 */
@Singleton
public class ArgumentValidator {
  private static final Logger LOG = Logger.getLogger(ArgumentValidator.class);
  private static final int MAX_VIOLATIONS = 20;

  private static final int SHARE_OF_THE_HEAP = 16;

  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          builder ->
              builder
                  .schemaCacheEnabled(false)
                  .schemaLoader(loader -> loader.allow(ArgumentValidator::isMetaSchema))
                  .schemaRegistryConfig(
                      SchemaRegistryConfig.builder()
                          .preloadSchema(false)
                          .locale(Locale.ROOT)
                          .pathType(PathType.JSON_POINTER)
                          .regularExpressionFactory(BoundedPattern::of)
                          .build()));

  private final Cache<Key, Compiled> compiled =
      Caffeine.newBuilder()
          .maximumWeight(HeapBytes.share(SHARE_OF_THE_HEAP))
          .weigher((Key key, Compiled _) -> key.weight())
          .build();

  private record Key(JsonNode schema, boolean strict) {
    /** The schema and what is compiled of it, which takes about as much. */
    int weight() {
      return HeapBytes.ofTree(2L * schema.toString().length());
    }
  }

  /** Empty for what cannot be compiled, by which nothing can be validated. */
  private record Compiled(Optional<Schema> schema) {}

  /**
   * What is wrong with the arguments of a call, each with its place; empty if nothing is. Waits for
   * a thread that validates; owners take turns, each turn lasts about half a second at most.
   *
   * @param owner whose call it is, such as the id of a project
   */
  public List<String> validate(String owner, FunctionSpec function, JsonNode arguments) {
    if (!arguments.isObject()) {
      return List.of("expected a JSON object");
    }
    if (!isFinite(arguments)) {
      return List.of("a number is out of range");
    }
    if (function.parameters() == null) {
      return List.of();
    }
    var key = new Key(function.parameters(), Boolean.TRUE.equals(function.strict()));
    return WorkOwner.call(
        owner, () -> HeavyWork.run(HeavyWork.MIN_CHARACTERS, () -> evaluate(key, arguments)));
  }

  private List<String> evaluate(Key key, JsonNode arguments) {
    var known = compiled.getIfPresent(key);
    if (known == null) {
      known = compile(key);
      compiled.put(key, known);
    }
    if (known.schema().isEmpty()) {
      return List.of();
    }
    try {
      return known
          .schema()
          .get()
          .validate(new EvaluationBudget(), arguments, OutputFormat.DEFAULT)
          .stream()
          .limit(MAX_VIOLATIONS)
          .map(ArgumentValidator::text)
          .toList();
    } catch (BoundedPattern.MatchBudgetException e) {
      return List.of("a text takes too long to compare with its pattern");
    } catch (EvaluationBudget.ExceededException | StackOverflowError e) {
      return List.of("the arguments take too long to validate");
    } catch (RuntimeException e) {
      // A part of the schema that is compiled when it is first needed cannot be.
      LOG.debugf("schema unusable error=%s", e.getMessage());
      return List.of();
    }
  }

  private static String text(Error error) {
    var place = error.getInstanceLocation().toString();
    return (place.isEmpty() ? "" : place + ": ") + error.getMessage();
  }

  private Compiled compile(Key key) {
    try {
      return new Compiled(
          Optional.of(
              registry.getSchema(
                  key.strict() ? StrictSchemas.closeObjects(key.schema()) : withoutId(key))));
    } catch (RuntimeException | StackOverflowError e) {
      LOG.debugf("schema unusable error=%s", e.getMessage());
      return new Compiled(Optional.empty());
    }
  }

  private static boolean isMetaSchema(AbsoluteIri iri) {
    return iri.toString().matches("https?://json-schema\\.org/.*");
  }

  /** An id only determines where the schema could be fetched from. */
  private static JsonNode withoutId(Key key) {
    return key.schema() instanceof ObjectNode object && object.has("$id")
        ? object.deepCopy().without("$id")
        : key.schema();
  }

  private static boolean isFinite(JsonNode node) {
    if (node.isDouble()) {
      return Double.isFinite(node.doubleValue());
    }
    for (var child : node) {
      if (!isFinite(child)) {
        return false;
      }
    }
    return true;
  }
}
