package dev.threadmill.assistants;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class AssistantsTest {
  private static final String EVERYTHING =
      """
      {"model": "gpt-4-reasoner-2026", "name": "Legal Advisor AI", "description": "d",
       "instructions": "Cite sources. ⚖️",
       "tools": [
         {"type": "code_interpreter", "enabled": true},
         {"type": "code_interpreter"},
         {"type": "file_search"},
         {"type": "file_search", "file_search": {"max_num_results": 50,
           "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.5}}},
         {"type": "function", "function": {"name": "get_weather", "description": "Weather",
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
           "strict": true}}],
       "tool_resources": {"code_interpreter": {"file_ids": []}},
       "metadata": {"a": "b"}, "temperature": 0.5, "top_p": 0.25,
       "response_format": {"type": "json_schema",
         "json_schema": {"name": "n", "schema": {"type": "object"}}},
       "reasoning_effort": "high",
       "memory": {"enabled": true, "summary_method": "reflection", "scope": "user"},
       "safety": {"strict": false, "allowed_domains": ["*.lawfirm.com", "court.gov"]},
       "privacy": {"mode": "off", "allowed_entities": ["customer_id", "email"]}}""";

  private final ApiClient user = ApiClient.user();
  @Inject Assistants assistants;

  @Test
  void anAssistantKeepsAllThatItWasGiven() {
    var created = user.post("/v1/assistants", EVERYTHING);

    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(created.json().path("object").asText()).isEqualTo("assistant");
    var sent = Json.tree(EVERYTHING);
    sent.properties()
        .forEach(
            field ->
                assertThat(created.json().get(field.getKey()))
                    .as(field.getKey())
                    .isEqualTo(field.getValue()));
    assertThat(user.get("/v1/assistants/" + created.id()).json()).isEqualTo(created.json());
  }

  @Test
  void whatIsLeftOutHasItsDefaultAndEveryKeyIsThere() {
    var created = user.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").json();

    assertThat(created.properties().stream().map(java.util.Map.Entry::getKey))
        .containsExactly(
            "id",
            "object",
            "created_at",
            "name",
            "description",
            "model",
            "instructions",
            "tools",
            "tool_resources",
            "metadata",
            "temperature",
            "top_p",
            "response_format",
            "reasoning_effort");
    assertThat(created.path("tools").isArray()).isTrue();
    assertThat(created.path("metadata").isObject()).isTrue();
    assertThat(created.path("temperature").asDouble()).isEqualTo(1);
    assertThat(created.path("top_p").asDouble()).isEqualTo(1);
    assertThat(created.path("response_format").asText()).isEqualTo("auto");
    assertThat(created.path("name").isNull()).isTrue();
  }

  @Test
  void modifyLeavesWhatIsAbsentSetsWhatIsThereAndClearsWhatIsNull() {
    var path = "/v1/assistants/" + user.post("/v1/assistants", EVERYTHING).id();

    var changed =
        user.post(
                path,
                """
                {"name": "New", "description": null, "tools": null, "metadata": null,
                 "temperature": null, "reasoning_effort": null, "memory": null}""")
            .json();

    assertThat(changed.path("name").asText()).isEqualTo("New");
    assertThat(changed.path("description").isNull()).isTrue();
    assertThat(changed.path("instructions").asText()).isEqualTo("Cite sources. ⚖️");
    assertThat(changed.path("tools")).isEmpty();
    assertThat(changed.path("metadata")).isEmpty();
    assertThat(changed.path("temperature").asDouble()).isEqualTo(1);
    assertThat(changed.path("top_p").asDouble()).isEqualTo(0.25);
    assertThat(changed.path("reasoning_effort").isNull()).isTrue();
    assertThat(changed.has("memory")).isFalse();
    assertThat(changed.has("safety")).isTrue();
    assertThat(user.get(path).json()).isEqualTo(changed);
    assertThat(user.post(path, "{}").json()).isEqualTo(changed);
  }

  @Test
  void aFlatFunctionIsReadAsANestedOne() {
    var created =
        user.post(
            "/v1/assistants",
            """
            {"model": "m", "tools": [{"type": "function", "name": "f", "parameters": {}}]}""");

    assertThat(created.json().path("tools").get(0).path("function").path("name").asText())
        .isEqualTo("f");
  }

  @Test
  void anAssistantCanBeDeletedOnce() {
    var path = "/v1/assistants/" + user.post("/v1/assistants", "{\"model\": \"m\"}").id();

    var deleted = user.delete(path);

    assertThat(deleted.json().path("object").asText()).isEqualTo("assistant.deleted");
    assertThat(deleted.json().path("deleted").asBoolean()).isTrue();
    var missing = user.get(path);
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.error().path("message").asText())
        .isEqualTo("No assistant found with id '%s'.".formatted(deleted.id()));
    assertThat(user.delete(path).status()).isEqualTo(404);
    assertThat(user.post(path, "{}").status()).isEqualTo(404);
  }

  @Test
  void anAssistantOfAnotherProjectDoesNotExist() {
    var stranger = ApiClient.stranger();
    var path = "/v1/assistants/" + stranger.post("/v1/assistants", "{\"model\": \"m\"}").id();

    assertThat(user.get(path).status()).isEqualTo(404);
    assertThat(user.post(path, "{\"name\": \"mine\"}").status()).isEqualTo(404);
    assertThat(user.delete(path).status()).isEqualTo(404);
    assertThat(stranger.get(path).json().path("name").isNull()).isTrue();
    assertThat(stranger.get("/v1/assistants").json().path("data")).hasSize(1);
  }

  @Test
  void theEngineFindsAnAssistantOutsideOfARequest() {
    var id = user.post("/v1/assistants", EVERYTHING).id();

    var found = assistants.find(new ProjectId("proj_default"), new AssistantId(id)).orElseThrow();

    assertThat(found.tools()).hasSize(5);
    assertThat(found.reasoningEffort()).isEqualTo(ReasoningEffort.HIGH);
    assertThat(assistants.find(new ProjectId("proj_other"), new AssistantId(id))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                | model
          {"model": null}                                                   | model
          {"model": ""}                                                     | model
          {"model": 5}                                                      | model
          {"model": "m", "modle": 1}                                        | modle
          {"model": "m", "name": 7}                                         | name
          {"model": "m", "temperature": 2.1}                                | temperature
          {"model": "m", "temperature": -0.1}                               | temperature
          {"model": "m", "temperature": "hot"}                              | temperature
          {"model": "m", "temperature": 1e400}                              | temperature
          {"model": "m", "top_p": 1.5}                                      | top_p
          {"model": "m", "tools": {}}                                       | tools
          {"model": "m", "tools": [null]}                                   | tools[0]
          {"model": "m", "tools": ["x"]}                                    | tools[0].type
          {"model": "m", "tools": [{}]}                                     | tools[0].type
          {"model": "m", "tools": [{"type": "payment"}]}                    | tools[0].type
          {"model": "m", "tools": [{"type": "code_interpreter", "a": 1}]}   | tools[0].a
          {"model": "m", "tools": [{"type": "function"}]}                   | tools[0].function
          {"model": "m", "tools": [{"type": "function", "function": {}}]}   | tools[0].function.name
          {"model": "m", "tools": [{"type": "function", "name": "a b"}]}    | tools[0].name
          {"model": "m", "tools": [{"type": "function", "function": {"name": "a b"}}]} | tools[0].function.name
          {"model": "m", "tools": [{"type": "function", "function": {"name": "a", "parameters": 1}}]} | tools[0].function.parameters
          {"model": "m", "tools": [{"type": "file_search", "file_search": {"max_num_results": 51}}]} | tools[0].file_search.max_num_results
          {"model": "m", "tools": [{"type": "file_search", "file_search": {"max_num_results": 1.5}}]} | tools[0].file_search.max_num_results
          {"model": "m", "tools": [{"type": "file_search", "file_search": {"ranking_options": {}}}]} | tools[0].file_search.ranking_options.score_threshold
          {"model": "m", "tools": [{"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 2}}}]} | tools[0].file_search.ranking_options.score_threshold
          {"model": "m", "tools": [{"type": "file_search", "file_search": {"ranking_options": {"ranker": "best", "score_threshold": 0}}}]} | tools[0].file_search.ranking_options.ranker
          {"model": "m", "tools": [{"type": "file_search", "vector_store_ids": ["vs_legal_docs_2026"]}]} | tools[0].vector_store_ids
          {"model": "m", "tool_resources": {"code_interpreter": {"file_ids": ["file-nope"]}}} | tool_resources.code_interpreter.file_ids
          {"model": "m", "tool_resources": {"file_search": {"vector_store_ids": ["vs_nope"]}}} | tool_resources.file_search.vector_store_ids
          {"model": "m", "tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}} | tool_resources.file_search.vector_store_ids
          {"model": "m", "metadata": []}                                    | metadata
          {"model": "m", "metadata": {"a": 1}}                              | metadata.a
          {"model": "m", "response_format": "json"}                         | response_format
          {"model": "m", "response_format": {"type": "xml"}}                | response_format.type
          {"model": "m", "response_format": {"type": "json_schema"}}        | response_format.json_schema
          {"model": "m", "reasoning_effort": "extreme"}                     | reasoning_effort
          {"model": "m", "reasoning_effort": 3}                             | reasoning_effort
          {"model": "m", "memory": {"summary_method": "magic"}}             | memory.summary_method
          {"model": "m", "memory": {"scope": "world"}}                      | memory.scope
          {"model": "m", "memory": {"size": 1}}                             | memory.size
          {"model": "m", "safety": {"strict": "yes"}}                       | safety.strict
          {"model": "m", "safety": {"allowed_domains": ["a", "http://b"]}}  | safety.allowed_domains[1]
          {"model": "m", "privacy": {"mode": "total"}}                      | privacy.mode
          """)
  void whatIsWrongIsNamed(String body, String param) {
    var refused = user.post("/v1/assistants", body);

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).as(refused.text()).isEqualTo(param);
    assertThat(refused.error().path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(refused.error().path("message").asText()).containsAnyOf(param, "found with id");
  }

  @ParameterizedTest
  @CsvSource({"name, 256", "description, 512", "instructions, 256000", "model, 256"})
  void textsMayBeAsLongAsTheirBoundInCharactersAndNotLonger(String field, int max) {
    var fits = Json.MAPPER.createObjectNode().put("model", "m").put(field, "😀".repeat(max));
    var tooLong = Json.MAPPER.createObjectNode().put("model", "m").put(field, "x".repeat(max + 1));

    var created = user.post("/v1/assistants", fits.toString());
    var refused = user.post("/v1/assistants", tooLong.toString());

    assertThat(created.status()).isEqualTo(200);
    assertThat(created.json().path(field)).isEqualTo(fits.path(field));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(field);
    assertThat(refused.error().path("code").asText()).isEqualTo("string_above_max_length");
  }

  @Test
  void toolsAndSchemasThatFillTheMemoryOfEachRunAreRefused() {
    var large = "x".repeat(1 << 20);
    var tool =
        """
        {"model": "gpt-4o", "tools": [
          {"type": "function", "function": {"name": "look", "parameters": {"title": "%s"}}}]}
        """
            .formatted(large);
    var format =
        """
        {"model": "gpt-4o", "response_format": {"type": "json_schema",
          "json_schema": {"name": "look", "schema": {"title": "%s"}}}}
        """
            .formatted(large);

    var refusedTool = user.post("/v1/assistants", tool);
    var refusedFormat = user.post("/v1/assistants", format);

    assertThat(refusedTool.status()).isEqualTo(400);
    assertThat(refusedTool.error().path("param").asText()).isEqualTo("tools");
    assertThat(refusedTool.error().path("message").asText()).contains("at most 1048576 characters");
    assertThat(refusedFormat.status()).isEqualTo(400);
    assertThat(refusedFormat.error().path("param").asText()).isEqualTo("response_format");
  }

  @Test
  void thereMayBe128ToolsAnd16PairsOfMetadata() {
    assertThat(user.post("/v1/assistants", tools(128)).status()).isEqualTo(200);
    assertThat(user.post("/v1/assistants", tools(129)).error().path("param").asText())
        .isEqualTo("tools");
    assertThat(user.post("/v1/assistants", metadata(16)).status()).isEqualTo(200);
    assertThat(user.post("/v1/assistants", metadata(17)).error().path("param").asText())
        .isEqualTo("metadata");
  }

  private static String tools(int count) {
    var body = Json.MAPPER.createObjectNode().put("model", "m");
    var tools = body.putArray("tools");
    for (int i = 0; i < count; i++) {
      tools.addObject().put("type", "function").putObject("function").put("name", "f" + i);
    }
    return body.toString();
  }

  private static String metadata(int count) {
    var body = Json.MAPPER.createObjectNode().put("model", "m");
    JsonNode metadata = body.putObject("metadata");
    for (int i = 0; i < count; i++) {
      ((com.fasterxml.jackson.databind.node.ObjectNode) metadata)
          .put("k".repeat(62) + i, "v".repeat(512));
    }
    return body.toString();
  }
}
