package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.Reply;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas reach each provider whole, whatever keywords they have. */
class SentSchemasTest extends LangChainModelFixture {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}",
        "{\"properties\":{\"city\":{}}}",
        "{\"properties\":{\"city\":{\"type\":\"array\"}, \"b\":{\"type\":\"null\"}}}",
        "{\"properties\":{\"city\":{\"type\":[\"string\",\"null\"]}}}",
        "{\"type\":\"object\",\"properties\":{\"city\":true,\"b\":{}}}",
        "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"array\",\"items\":true}}}",
        "{\"type\":\"object\",\"properties\":{\"city\":{\"const\":1},\"b\":{\"enum\":[1,null]}}}",
        "{\"type\":\"object\",\"properties\":{\"city\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}}",
        "{\"type\":\"object\",\"properties\":{\"city\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\"type\":\"string\"}}}",
        "{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"object\",\"properties\":{\"city\":{}}}}}",
        "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\",\"title\":\"city\"}}",
        "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"pattern\":\"^[A-Z]\",\"minLength\":2}}}",
      })
  void aSchemaOfAnyFormIsSentAsItIs(String schema) throws InterruptedException {
    var expected = ((ObjectNode) Json.tree(schema)).put("type", "object");
    for (var model : List.of(CLAUDE, GEMINI, OLLAMA)) {
      var sent = sent(model, schema);

      if (model.equals(GEMINI) && sent.has("parameters")) {
        assertThat(sent.at("/parameters/properties/city/type").asText())
            .isEqualToIgnoringCase("string");
      } else {
        var field =
            switch (model) {
              case CLAUDE -> "input_schema";
              case GEMINI -> "parametersJsonSchema";
              default -> "parameters";
            };
        assertThat(sent.path(field)).as(model).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"anyOf", "oneOf", "allOf"})
  void alternativesAtTheTopAreSentToAllButClaude(String keyword) throws InterruptedException {
    var schema =
        "{\"%s\":[{\"properties\":{\"city\":{}}}],\"properties\":{\"a\":{}}}".formatted(keyword);

    assertThat(sent(CLAUDE, schema).path("input_schema").toString())
        .contains("\"a\"")
        .doesNotContain(keyword);
    assertThat(sent(GEMINI, schema).path("parametersJsonSchema").has(keyword)).isTrue();
    assertThat(sent(OLLAMA, schema).path("parameters").has(keyword)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void theSchemaOfAnAnswerIsSentAsItIs(String model) throws InterruptedException {
    var schema =
        Json.tree(
            """
            {"type": "object", "required": ["a"], "additionalProperties": false, "properties":
              {"a": {"type": ["string", "null"], "pattern": "^x"}, "b": {"$ref": "#/$defs/x"}},
             "$defs": {"x": {"const": 1}}}
            """);
    provider.reply(says(model, "{}"));
    var request =
        new ModelRequest(
            model,
            List.of(user("Hi")),
            List.of(),
            ToolChoice.AUTO,
            true,
            new ResponseFormat.JsonSchema(
                Json.MAPPER.createObjectNode().put("name", "answer").set("schema", schema)),
            null,
            null,
            null,
            null);

    setup.models().require(model).answer(request, deltas::add);

    var body = provider.lastRequest().body();
    assertThat(
            switch (model) {
              case CLAUDE -> body.at("/output_config/format/schema");
              case GEMINI -> body.at("/generationConfig/responseJsonSchema");
              default -> body.path("format");
            })
        .isEqualTo(schema);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE + " | output_config.format: Extra inputs are not permitted",
        GEMINI + " | Function calling with a response mime type: 'application/json' is unsupported",
        OLLAMA + " | json: the parameter format is not supported: JSON mode",
      })
  void aFormatThatIsRefusedIsAskedForInWords(String model, String refusal)
      throws InterruptedException {
    provider.reply(Reply.error(400, "x", refusal), says(model, "{}"), says(model, "{}"));

    for (int i = 0; i < 2; i++) {
      setup.models().require(model).answer(asksForJson(model), deltas::add);

      var sent = provider.lastRequest().body().toString();
      assertThat(sent)
          .contains("It has to fit this JSON Schema", "zebra")
          .doesNotContain("output_config", "responseMimeType", "\"format\"");
    }
    assertThat(provider.requests()).hasSize(3);
  }

  private static ModelRequest asksForJson(String model) {
    var definition = Json.MAPPER.createObjectNode().put("name", "answer");
    definition.set("schema", Json.tree("{\"type\":\"object\",\"properties\":{\"zebra\":{}}}"));
    return new ModelRequest(
        model,
        List.of(user("Hi")),
        List.of(),
        ToolChoice.AUTO,
        true,
        new ResponseFormat.JsonSchema(definition),
        null,
        null,
        null,
        null);
  }

  /** The tool as the provider is sent it. */
  private JsonNode sent(String model, String schema) throws InterruptedException {
    provider.reply(says(model, "Sunny."));
    var request =
        new ModelRequest(
            model,
            List.of(user("Hi")),
            List.of(new FunctionSpec("f", "does", Json.tree(schema), null)),
            ToolChoice.AUTO,
            true,
            ResponseFormat.AUTO,
            null,
            null,
            null,
            null);
    setup.models().require(model).answer(request, deltas::add);
    var tools = provider.lastRequest().body().path("tools");
    return switch (model) {
      case CLAUDE -> tools.path(0);
      case GEMINI ->
          tools.isArray()
              ? tools.at("/0/functionDeclarations/0")
              : tools.at("/functionDeclarations/0");
      default -> tools.at("/0/function");
    };
  }
}
