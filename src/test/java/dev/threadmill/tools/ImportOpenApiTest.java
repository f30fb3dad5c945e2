package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ImportOpenApiTest {
  private static final int OPERATIONS = 50;
  private static final String YAML =
      """
      openapi: 3.0.3
      info: {title: Shop, version: "1"}
      servers: [{url: "/v{version}", variables: {version: {default: "2"}}}]
      paths:
        /items/{id}:
          parameters:
            - {name: id, in: path, required: true, schema: {type: string}}
          put:
            operationId: items.update
            summary: Update an item
            parameters:
              - {$ref: "#/components/parameters/Trace"}
              - {name: dry, in: query, schema: {type: boolean}}
            requestBody:
              required: true
              content:
                application/json: {schema: {$ref: "#/components/schemas/Item"}}
          get:
            summary: no operation id
        /upload:
          post:
            operationId: upload
            requestBody: {required: true, content: {image/png: {}}}
      components:
        parameters:
          Trace: {name: X-Trace, in: header, schema: {type: string}}
        schemas:
          Item:
            type: object
            required: [type]
            properties:
              type: {type: string, nullable: true}
              example: {type: integer, minimum: 0, exclusiveMinimum: true}
              parts: {type: array, items: {$ref: "#/components/schemas/Item"}}
      """;

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final RecordingServer receiver =
      RecordingServer.start().on("/", RecordingServer.json(200, "{}"));

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  @Test
  void aDocumentOfFiftyOperationsMakesFiftyToolsThatCanBeCalled() {
    // Given
    var assistant = runs.assistant("gpt-4o", "");
    var calls = new ArrayList<Reply.Call>();
    for (int i = 0; i < OPERATIONS; i++) {
      calls.add(
          new Reply.Call(
              "call_" + i,
              "op_" + i,
              "{\"id\": \"x/%d\", \"q\": %d%s}"
                  .formatted(i, i, hasBody(i) ? ", \"body\": {\"n\": " + i + "}" : "")));
    }
    provider.reply(Reply.calls(calls.toArray(Reply.Call[]::new)), Reply.text("Done."));

    // When
    var imported =
        importInto(
            assistant,
            Json.MAPPER
                .createObjectNode()
                .<ObjectNode>set("document", documentOf(OPERATIONS))
                .set("auth", Json.tree("{\"type\": \"bearer\", \"token\": \"t0ken\"}")));
    var run = runs.run(assistant, "Call all");

    // Then
    assertThat(imported.status()).describedAs(imported.text()).isEqualTo(200);
    assertThat(imported.json().path("tools")).hasSize(OPERATIONS);
    assertThat(imported.text()).doesNotContain("t0ken");
    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.calls())
        .hasSize(OPERATIONS)
        .allMatch(c -> c.toString().contains("\"output\":\"{}\""));
    assertThat(receiver.calls()).hasSize(OPERATIONS);
    for (var call : receiver.calls()) {
      int i = Integer.parseInt(call.path().split("/")[2]);
      assertThat(call.method()).isEqualTo(method(i).toUpperCase(Locale.ROOT));
      assertThat(call.path()).isEqualTo("/r/%d/x%%2F%d".formatted(i, i));
      assertThat(call.query()).isEqualTo("q=" + i);
      assertThat(call.body()).isEqualTo(hasBody(i) ? "{\"n\":" + i + "}" : "");
      assertThat(call.header("authorization")).isEqualTo("Bearer t0ken");
    }
  }

  @Test
  void aDocumentInYamlIsFetchedAndReadInTheTermsOfItsVersion() {
    // Given
    var assistant = runs.assistant("gpt-4o", "");
    receiver.on(
        "/api.yaml", (exchange, _) -> RecordingServer.reply(exchange, 200, "text/yaml", YAML));

    // When
    var imported =
        importInto(assistant, Json.MAPPER.createObjectNode().put("url", receiver.url("/api.yaml")));

    // Then: the upload, whose body is an image, is left out
    assertThat(imported.status()).describedAs(imported.text()).isEqualTo(200);
    var tools = imported.json().path("tools");
    assertThat(tools).hasSize(2);
    var update = webhook(tools, "items_update");
    assertThat(update.path("endpoint").asText()).isEqualTo(receiver.url("/v2/items/{id}"));
    assertThat(update.path("description").asText()).isEqualTo("Update an item");
    assertThat(update.at("/placement/X-Trace").asText()).isEqualTo("header");
    var parameters = update.path("parameters");
    assertThat(parameters.path("required").toString()).isEqualTo("[\"id\",\"body\"]");
    assertThat(parameters.at("/properties/body/$ref").asText()).isEqualTo("#/$defs/Item");
    var item = parameters.at("/$defs/Item/properties");
    assertThat(item.at("/type/anyOf/1/type").asText()).isEqualTo("null");
    assertThat(item.path("example").toString())
        .isEqualTo("{\"type\":\"integer\",\"exclusiveMinimum\":0}");
    assertThat(item.at("/parts/items/$ref").asText()).isEqualTo("#/$defs/Item");
    assertThat(webhook(tools, "GET_items_id").path("method").asText()).isEqualTo("GET");
  }

  @Test
  void importingAgainReplacesWhatHasTheSameName() {
    var assistant = runs.assistant("gpt-4o", "");
    var request = Json.MAPPER.createObjectNode();
    request.set("document", documentOf(3));
    request.putArray("operations").add("op_0").add("op_2");

    importInto(assistant, request);
    var again = importInto(assistant, request.put("timeout_ms", 5000));

    assertThat(again.json().path("tools")).hasSize(2);
    assertThat(again.json().at("/tools/1/webhook/timeout_ms").asInt()).isEqualTo(5000);
  }

  @Test
  void whatCannotBeUsedIsRefusedByName() {
    var assistant = runs.assistant("gpt-4o", "");

    assertRefused(assistant, "{}", "document");
    assertRefused(assistant, "{\"document\": {\"swagger\": \"2.0\"}}", "document");
    assertRefused(assistant, "{\"document\": \"{{{\"}", "document");
    assertRefused(assistant, "{\"document\": {\"openapi\": \"3.1.0\", \"paths\": {}}}", "base_url");
    assertRefused(
        assistant,
        "{\"document\": %s, \"operations\": [\"nope\"]}".formatted(documentOf(1)),
        "operations");
    assertRefused(
        assistant,
        "{\"document\": %s}"
            .formatted(
                documentOf(1)
                    .toString()
                    .replace("\"type\":\"integer\"", "\"$ref\":\"http://x/y\"")),
        "document");
    assertRefused(assistant, "{\"url\": \"http://169.254.169.254/x\"}", "url");
    assertRefused(assistant, "{\"document\": %s}".formatted(documentOf(129)), "tools");
  }

  private void assertRefused(String assistant, String request, String param) {
    var refused = api.post("/v1/assistants/" + assistant + "/tools/openapi", request);
    assertThat(refused.status()).describedAs(refused.text()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo(param);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: NAME, in: query, schema: {type: string}}",
        "{name: NAME, in: header, schema: {type: string}}",
        "{name: '', in: query}",
        "{name: a, in: query, schema: {type: object, properties: {NAME: {type: string}}}}",
        "{name: a, in: query, schema: DEEP}"
      })
  void aDocumentThatCouldNotBeStoredIsRefused(String parameter) {
    var deep = "{items: ".repeat(300) + "{}" + "}".repeat(300);
    var document =
        """
        openapi: 3.0.3
        servers: [{url: "https://x.example"}]
        paths: {/a: {get: {operationId: a, parameters: [%s]}}}
        """
            .formatted(parameter.replace("NAME", "n".repeat(51_000)).replace("DEEP", deep));
    var assistant = runs.assistant("gpt-4o", "");

    var refused = importInto(assistant, Json.MAPPER.createObjectNode().put("document", document));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").asText()).isEqualTo("document");
    assertThat(api.get("/v1/assistants/" + assistant).status()).isEqualTo(200);
  }

  private ApiClient.Response importInto(String assistant, JsonNode request) {
    return api.post("/v1/assistants/" + assistant + "/tools/openapi", request.toString());
  }

  private static JsonNode webhook(JsonNode tools, String name) {
    for (var tool : tools) {
      if (tool.at("/webhook/name").asText().equals(name)) {
        return tool.path("webhook");
      }
    }
    throw new AssertionError(name + " is not among " + tools);
  }

  private JsonNode documentOf(int operations) {
    var document = Json.MAPPER.createObjectNode().put("openapi", "3.1.0");
    document.putArray("servers").addObject().put("url", receiver.url(""));
    var paths = document.putObject("paths");
    IntStream.range(0, operations)
        .forEach(
            i -> {
              var operation =
                  paths
                      .putObject("/r/%d/{id}".formatted(i))
                      .putObject(method(i))
                      .put("operationId", "op_" + i);
              var parameters = operation.putArray("parameters");
              parameters
                  .addObject()
                  .put("name", "id")
                  .put("in", "path")
                  .put("required", true)
                  .putObject("schema")
                  .put("type", "string");
              parameters
                  .addObject()
                  .put("name", "q")
                  .put("in", "query")
                  .putObject("schema")
                  .put("type", "integer");
              if (hasBody(i)) {
                operation
                    .putObject("requestBody")
                    .put("required", true)
                    .putObject("content")
                    .putObject("application/json")
                    .putObject("schema")
                    .put("type", "object");
              }
            });
    return document;
  }

  private static String method(int i) {
    return new String[] {"get", "post", "put", "patch", "delete"}[i % 5];
  }

  private static boolean hasBody(int i) {
    return i % 5 >= 1 && i % 5 <= 3;
  }
}
