package dev.threadmill.tools.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas as they may be stored from before definitions were checked, or come from servers. */
@Timeout(30)
class ArgumentValidatorTest {
  private final ArgumentValidator validator = new ArgumentValidator();

  @ParameterizedTest
  @ValueSource(strings = {"allOf", "oneOf"})
  void aSchemaThatDoublesFortyTimesIsGivenUp(String keyword) {
    assertThat(validate(doubling(keyword), "{}"))
        .containsExactly("the arguments take too long to validate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"$ref\": \"#\"}", "{\"allOf\": [{\"$ref\": \"#\"}]}"})
  void aCircleIsGivenUp(String schema) {
    assertThat(validate(schema, "{}")).containsExactly("the arguments take too long to validate");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"$ref\": \"classpath:/application.properties\"}",
        "{\"$ref\": \"file:///etc/passwd\"}",
        "{\"$ref\": \"http://127.0.0.1:1/x\"}",
        "{\"$schema\": \"http://127.0.0.1:1/x\"}",
        "{\"properties\": {\"a\": {\"pattern\": \"[\"}}}",
        "{\"properties\": {\"a\": {\"enum\": [1e999]}}}",
        "{\"items\": 7}"
      })
  void aSchemaThatCannotBeCompiledValidatesNothingAndReadsNothing(String schema) {
    assertThat(validate(schema, "{\"a\": \"x\"}")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"properties": {"a": {"type": "integer"}}}      | {"a": 1e400000000}
          {"properties": {"a": {"multipleOf": 0.1}}}      | {"a": [{"b": -1e400}]}
          {}                                              | {"a": 1e999}
          """)
  void aNumberThatIsOutOfRangeIsAViolation(String schema, String arguments) {
    assertThat(validate(schema, arguments)).containsExactly("a number is out of range");
  }

  @Test
  void aPatternThatBacktracksIsGivenUp() {
    var violations =
        validate(
            // With a back reference the matcher tries every way to split the text.
            "{\"properties\": {\"a\": {\"pattern\": \"^(a|a)*\\\\1z$\"}}}",
            "{\"a\": \"%s!\"}".formatted("a".repeat(40)));

    assertThat(violations).containsExactly("a text takes too long to compare with its pattern");
  }

  @Test
  void aTreeIsValidatedToItsLeaves() {
    var tree = "{\"properties\": {\"l\": {\"$ref\": \"#\"}, \"v\": {\"type\": \"integer\"}}}";

    assertThat(validate(tree, "{\"l\": {\"l\": {\"v\": \"x\"}}}"))
        .singleElement()
        .asString()
        .startsWith("/l/l/v: ");
  }

  @Test
  void costlySchemasOfOneCallerDoNotStopTheOthers() {
    var costly =
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> validate(doubling("allOf"), "{\"call\": %d}".formatted(i))))
            .toList();

    assertThat(validate("{\"required\": [\"a\"]}", "{}")).hasSize(1);
    assertThat(costly).allSatisfy(each -> assertThat(each.join()).hasSize(1));
  }

  private List<String> validate(String schema, String arguments) {
    return validator.validate(
        "p", new FunctionSpec("f", null, Json.tree(schema), null), Json.tree(arguments));
  }

  private static String doubling(String keyword) {
    return IntStream.range(0, 40)
        .mapToObj(
            i ->
                "\"a%d\": {\"%s\": [{\"$ref\": \"#/$defs/a%d\"}, {\"$ref\": \"#/$defs/a%d\"}]}"
                    .formatted(i, keyword, i + 1, i + 1))
        .collect(
            Collectors.joining(",", "{\"$ref\": \"#/$defs/a0\", \"$defs\": {", ", \"a40\": {}}}"));
  }
}
