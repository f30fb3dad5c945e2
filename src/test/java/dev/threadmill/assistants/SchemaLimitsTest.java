package dev.threadmill.assistants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class SchemaLimitsTest {
  @ParameterizedTest
  @ValueSource(strings = {"allOf", "anyOf", "oneOf", "prefixItems"})
  void aSchemaThatDoublesFortyTimesIsRefused(String keyword) {
    assertThat(refusal(doubling(keyword))).contains("more than 100,000 subschemas");
  }

  @Test
  void aSchemaWhosePropertiesDoubleIsRefused() {
    var schema =
        IntStream.range(0, 40)
            .mapToObj(
                i ->
                    "\"a%d\": {\"properties\": {\"x\": {\"$ref\": \"#/$defs/a%d\"}, \"y\": {\"$ref\": \"#/$defs/a%d\"}}}"
                        .formatted(i, i + 1, i + 1))
            .collect(
                Collectors.joining(
                    ",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a40\": {}}}"));

    assertThat(refusal(schema)).contains("more than 100,000 subschemas");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"$ref": "#"}                                                         | circle
          {"allOf": [{"$ref": "#"}]}                                            | circle
          {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}} | circle
          {"dependentSchemas": {"x": {"$ref": "#"}}}                            | circle
          {"properties": {"x": {"$ref": "#/properties/x"}}}                     | circle
          {"$ref": "classpath:/application.properties"}                         | leads out of the schema
          {"properties": {"x": {"$ref": "file:///etc/passwd"}}}                 | leads out of the schema
          {"items": {"$ref": "http://127.0.0.1/x"}}                             | leads out of the schema
          {"$ref": "#/$defs/none"}                                              | leads to nothing
          {"$ref": "#name"}                                                     | leads to nothing
          {"properties": {"n": {"maximum": 1e400000000}}}                       | out of range
          {"properties": {"n": {"enum": [-1e999]}}}                             | out of range
          {"properties": {"s": {"pattern": "((((a{100}){100}){100}){100})"}}}   | repeats its parts
          {"patternProperties": {"(?:(?:){1000000}){1000000}": {}}}             | repeats its parts
          """)
  void aSchemaThatCannotBeCheckedIsRefused(String schema, String reason) {
    assertThat(refusal(schema)).contains("Invalid 'tools[0].function.parameters'", reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"type\": \"object\", \"properties\": {\"$ref\": {\"type\": \"string\"}}}",
        "{\"properties\": {\"left\": {\"$ref\": \"#\"}, \"right\": {\"$ref\": \"#\"}}}",
        "{\"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#\"}]}}",
        "{\"$ref\": \"#tree\", \"$defs\": {\"t\": {\"$anchor\": \"tree\", \"items\": {\"$ref\": \"#tree\"}}}}",
        "{\"$ref\": \"https://x.example/t\", \"$defs\": {\"t\": {\"$id\": \"https://x.example/t\"}}}",
        "{\"$ref\": \"#/$defs/a~1b%20c\", \"$defs\": {\"a/b c\": {\"type\": \"object\"}}}",
        "{\"properties\": {\"s\": {\"pattern\": \"^[A-Z]{2}\\\\d{4}(-[a-z{}]{1,63}){1,10}$\"}}}",
        "{\"enum\": [1e300, {\"$ref\": \"nowhere\"}]}"
      })
  void anOrdinarySchemaIsAccepted(String schema) {
    assertThatCode(() -> SchemaLimits.require("p", Json.tree(schema))).doesNotThrowAnyException();
  }

  @Test
  void aSchemaOfThirteenThousandPropertiesIsAccepted() {
    var schema =
        IntStream.range(0, 13_000)
            .mapToObj("\"p%d\": {\"type\": \"string\"}"::formatted)
            .collect(Collectors.joining(",", "{\"properties\": {", "}}"));

    assertThatCode(() -> SchemaLimits.require("p", Json.tree(schema))).doesNotThrowAnyException();
  }

  @Test
  void aChainOfThousandReferencesIsRefusedWithoutAStackOverflow() {
    var schema =
        IntStream.range(0, 1_000)
            .mapToObj(i -> "\"a%d\": {\"items\": {\"$ref\": \"#/$defs/a%d\"}}".formatted(i, i + 1))
            .collect(
                Collectors.joining(
                    ",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a1000\": {}}}"));

    assertThat(refusal(schema)).contains("nests deeper");
  }

  /** Each definition has the next one twice. */
  static String doubling(String keyword) {
    return IntStream.range(0, 40)
        .mapToObj(
            i ->
                "\"a%d\": {\"%s\": [{\"$ref\": \"#/$defs/a%d\"}, {\"$ref\": \"#/$defs/a%d\"}]}"
                    .formatted(i, keyword, i + 1, i + 1))
        .collect(
            Collectors.joining(",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a40\": {}}}"));
  }

  private static String refusal(String schema) {
    var refused =
        catchThrowableOfType(
            ApiException.class,
            () -> SchemaLimits.require("tools[0].function.parameters", Json.tree(schema)));
    assertThat(refused).as(schema).isNotNull();
    assertThat(refused.httpStatus()).isEqualTo(400);
    return refused.error().message();
  }
}
