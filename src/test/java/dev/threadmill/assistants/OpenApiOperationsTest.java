package dev.threadmill.assistants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Documents that cost far more than they weigh. */
@Timeout(30)
class OpenApiOperationsTest {
  @Test
  void operationsThatAllReferToOneLargeDefinitionAreRefused() {
    var large =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "\"p%d\": {\"type\": \"string\"}".formatted(i))
            .collect(Collectors.joining(",", "{\"type\": \"object\", \"properties\": {", "}}"));
    var document = document(100, "{\"$ref\": \"#/components/schemas/Large\"}", large);

    assertThatThrownBy(() -> new OpenApiOperations(document, "https://a").operations(null))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("more than 200,000 values");
    assertThat(new OpenApiOperations(document, "https://a").operations(List.of("op7"))).hasSize(1);
  }

  @Test
  void moreOperationsThanAnAssistantHasToolsAreRefused() {
    var document = document(20_000, "{\"type\": \"string\"}", "{}");

    assertThatThrownBy(() -> new OpenApiOperations(document, "https://a").operations(null))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("more than %d operations".formatted(ToolSpec.MAX_PER_ASSISTANT));
  }

  @Test
  void nullableSchemasThatNestDeepAreConvertedOnce() {
    int depth = 90;
    var nested =
        "{\"nullable\": true, \"type\": \"object\", \"properties\": {\"a\": ".repeat(depth)
            + "{\"type\": \"string\", \"nullable\": true}"
            + "}}".repeat(depth);
    var document = document(1, nested, "{}");

    var operation = new OpenApiOperations(document, "https://a").operations(null).getFirst();

    assertThat(operation.parameters().toString()).contains("anyOf").doesNotContain("nullable");
  }

  private static JsonNode document(int operations, String schema, String large) {
    var paths =
        IntStream.range(0, operations)
            .mapToObj(
                i ->
                    """
                    "/p%1$d": {"get": {"operationId": "op%1$d", "parameters": [
                      {"name": "q", "in": "query", "schema": %2$s}]}}"""
                        .formatted(i, schema))
            .collect(Collectors.joining(","));
    return Json.tree(
        """
        {"openapi": "3.0.0", "paths": {%s}, "components": {"schemas": {"Large": %s}}}
        """
            .formatted(paths, large));
  }
}
