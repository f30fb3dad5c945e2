package dev.threadmill.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ApiObjects;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Holds every answer against the description of the API, field by field: answers to requests that
 * are as described, and to requests of which one field is not.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(300)
class OpenApiTruthTest {
  private static final List<String> WRONG = List.of("17", "\"text\"", "[{}]", "{\"a\": [null]}");

  private static final List<String> ADMIN_PATHS =
      List.of("/v1/projects", "/v1/memory", "/v1/audit_logs", "/v1/organization");

  private final ApiClient user = ApiClient.user();
  private final ApiClient admin = ApiClient.admin();
  private final String model = "truth-" + UUID.randomUUID();
  private final JsonNode document = ApiClient.anonymous().get("/openapi?format=json").json();
  private final JsonNode components = strict(document.path("components").deepCopy());
  private final Set<String> wrong = new TreeSet<>();
  private final Map<String, Integer> checked = new HashMap<>();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  /** An answer has no field that is not described. */
  private static JsonNode strict(JsonNode node) {
    if (node instanceof ObjectNode object) {
      boolean isClosed =
          object.path("properties").isObject() && !object.has("additionalProperties");
      if (isClosed) {
        object.put("additionalProperties", false);
      }
    }
    node.forEach(OpenApiTruthTest::strict);
    return node;
  }

  private ApiClient.Response check(String method, String template, ApiClient.Response answer) {
    var operation = document.path("paths").path(template).path(method.toLowerCase(Locale.ROOT));
    assertThat(operation.isObject()).as("%s %s is described", method, template).isTrue();
    var responses = operation.path("responses");
    var status = Integer.toString(answer.status());
    var response = responses.has(status) ? responses.path(status) : responses.path("default");
    boolean isJsonRpc = template.startsWith("/v1/mcp") || template.startsWith("/v1/a2a");
    checked.merge(method + " " + template + " " + answer.status(), 1, Integer::sum);
    if (answer.status() >= 500) {
      wrong.add("%s %s: %s".formatted(method, template, clipped(answer.text())));
      return answer;
    }
    if (answer.status() < 400 && !responses.has(status)) {
      wrong.add("%s %s: status %s is not described".formatted(method, template, status));
    }
    var type = answer.headers().firstValue("content-type").orElse("");
    if (type.split(";")[0].equals("application/json")) {
      var schema = response.path("content").path("application/json").path("schema");
      if (schema.isMissingNode() && isJsonRpc) {
        assertThat(answer.json().isObject()).isTrue();
      } else if (schema.isMissingNode()) {
        wrong.add("%s %s: no schema for %s".formatted(method, template, status));
      } else {
        violations(schema, answer.json())
            .forEach(each -> wrong.add("%s %s %s: %s".formatted(method, template, status, each)));
      }
    }
    return answer;
  }

  private List<String> violations(JsonNode schema, JsonNode value) {
    var whole = (ObjectNode) schema.deepCopy();
    whole.set("components", components);
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(whole)
        .validate(value)
        .stream()
        .map(error -> error.getInstanceLocation() + " " + error.getMessage())
        .toList();
  }

  private static String clipped(String text) {
    return text.length() <= 300 ? text : text.substring(0, 300) + "…";
  }

  private ApiClient callerOf(String template) {
    return ADMIN_PATHS.stream().anyMatch(template::startsWith) ? admin : user;
  }

  private static String path(String template, Map<String, String> ids) {
    return ApiObjects.path(template, ids);
  }

  private Map<String, String> objects() {
    return ApiObjects.create(user, admin, provider, model);
  }

  private Stream<String[]> operations(String method) {
    var operations = new ArrayList<String[]>();
    document
        .path("paths")
        .properties()
        .forEach(
            item -> {
              if (item.getValue().has(method)) {
                operations.add(new String[] {method.toUpperCase(Locale.ROOT), item.getKey()});
              }
            });
    return operations.stream();
  }

  @Test
  void answersHaveTheFieldsThatAreDescribed() {
    var ids = objects();
    user.post(
        path("/v1/threads/{thread_id}/memory/summaries", ids), "{\"text\": \"They said go.\"}");
    rich(ids);

    operations("get")
        .filter(operation -> !operation[1].endsWith("/events") && !operation[1].endsWith("/stream"))
        .forEach(
            operation ->
                check("GET", operation[1], callerOf(operation[1]).get(path(operation[1], ids))));
    OpenApiExamples.BODIES.forEach(
        (template, body) -> {
          var sent =
              body.replace("asst_…", ids.get("assistant_id"))
                  .replace("\"stream\": true", "\"stream\": false");
          check("POST", template, callerOf(template).post(path(template, ids), sent));
        });
    operations("delete")
        .sorted((a, b) -> b[1].length() - a[1].length())
        .filter(operation -> !operation[1].equals("/v1/mcp"))
        .forEach(
            operation ->
                check(
                    "DELETE",
                    operation[1],
                    callerOf(operation[1]).delete(path(operation[1], ids))));

    assertThat(wrong).isEmpty();
    assertThat(checked.keySet()).filteredOn(key -> key.endsWith(" 200")).hasSizeGreaterThan(35);
  }

  /** Objects with all that may be set. */
  private void rich(Map<String, String> ids) {
    var assistant =
        check(
            "POST",
            "/v1/assistants",
            user.post(
                "/v1/assistants",
                """
                {"model": "%s", "name": "n", "description": "d", "instructions": "i",
                 "metadata": {"a": "b"}, "temperature": 0.5, "top_p": 0.5,
                 "reasoning_effort": "low", "response_format": {"type": "text"},
                 "memory": {"enabled": true, "summary_method": "rolling", "scope": "thread"},
                 "exposure": {"mcp": true, "a2a": true, "public_card": true},
                 "visibility": "final", "reasoning": {"visibility": "hidden"}, "max_turns": 3,
                 "max_tool_calls": 5,
                 "tools": [{"type": "function", "function": {"name": "f",
                   "parameters": {"type": "object", "properties": {}}}}]}"""
                    .formatted(model)));
    assertThat(assistant.status()).as(assistant.text()).isEqualTo(200);
    var fork =
        check(
            "POST",
            "/v1/threads/{thread_id}/fork",
            user.post(path("/v1/threads/{thread_id}/fork", ids), "{}"));
    check("GET", "/v1/threads/{thread_id}", user.get("/v1/threads/" + fork.id()));
    check(
        "POST",
        "/v1/threads/{thread_id}/memory/search",
        user.post(path("/v1/threads/{thread_id}/memory/search", ids), "{\"query\": \"go\"}"));
    check(
        "POST",
        "/v1/projects/{project_id}/limits",
        admin.post(
            path("/v1/projects/{project_id}/limits", ids),
            "{\"requests_per_minute\": 1000, \"budgets\": {}}"));
  }

  @Test
  void aRequestOfWhichOneFieldIsWrongIsNeverAServerError() {
    var ids = objects();
    operations("post").forEach(operation -> tryBodies(operation[1], ids));

    assertThat(wrong).isEmpty();
    assertThat(checked.values().stream().mapToInt(Integer::intValue).sum()).isGreaterThan(500);
  }

  private void tryBodies(String template, Map<String, String> ids) {
    var body = document.path("paths").path(template).path("post").path("requestBody");
    var media = body.path("content").path("application/json").path("schema");
    var schema =
        media.has("$ref")
            ? document.at(media.path("$ref").asText().substring(1))
            : Json.MAPPER.createObjectNode();
    if (!body.isMissingNode() && media.has("$ref")) {
      var empty = send(template, ids, "{}");
      boolean isRefused =
          empty.status() == 400
              && empty.error().path("code").asText().equals("missing_required_parameter");
      // Whether a run on a thread needs an assistant is up to the thread.
      boolean isOpen = template.equals("/v1/threads/{thread_id}/runs");
      if (body.path("required").asBoolean() != isRefused && !isOpen && empty.status() != 404) {
        wrong.add(
            "POST %s: required is %s but {} gives %d %s"
                .formatted(template, body.path("required"), empty.status(), clipped(empty.text())));
      }
    }
    for (var text : List.of("[]", "null", "{\"no_such_field\": 1}", "{", "\"a\"")) {
      send(template, ids, text);
    }
    schema
        .path("properties")
        .properties()
        .forEach(
            property -> {
              var isNull = send(template, ids, body(property.getKey(), "null"));
              if (isNull.status() == 400
                  && isNull.error().path("code").asText().equals("unknown_parameter")) {
                wrong.add("POST %s: there is no field %s".formatted(template, property.getKey()));
              }
              WRONG.forEach(value -> send(template, ids, body(property.getKey(), value)));
            });
  }

  private static String body(String field, String value) {
    return "{\"%s\": %s}".formatted(field, value);
  }

  private ApiClient.Response send(String template, Map<String, String> ids, String body) {
    return check("POST", template, callerOf(template).post(path(template, ids), body));
  }
}
