package dev.threadmill.projects;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.ApiObjects;
import dev.threadmill.testing.ConsoleBrowser;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every operation of the API with every kind of key that must not use it: a table that is generated
 * from the description of the API, so that no operation is left out.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(180)
class EndpointAccessTest {
  private static final Set<String> METHODS = Set.of("get", "post", "delete", "put", "patch");

  /** What a key of another project may ask for by these names is its own, or everybody's. */
  private static final Set<String> NAMES_NOTHING_OF_A_PROJECT =
      Set.of("GET /v1/models/{model}", "DELETE /v1/memory/users/{user}");

  /** Operations that need an admin key, also of what the project of a key with all scopes has. */
  private static final Set<String> FOR_ADMINS_OF_THE_SERVER =
      Set.of(
          "GET /v1/projects",
          "POST /v1/projects",
          "DELETE /v1/projects/{project_id}",
          "POST /v1/projects/{project_id}/limits",
          "POST /v1/projects/{project_id}/bursts",
          "POST /v1/projects/{project_id}/api_keys/{key_id}/limits",
          "GET /v1/organization/usage/completions",
          "GET /v1/organization/usage/embeddings",
          "GET /v1/organization/usage/moderations",
          "GET /v1/organization/usage/images",
          "GET /v1/organization/usage/audio_speeches",
          "GET /v1/organization/usage/audio_transcriptions",
          "GET /v1/organization/usage/vector_stores",
          "GET /v1/organization/usage/code_interpreter_sessions",
          "GET /v1/organization/costs",
          "GET /v1/nodes");

  /** Parameters without which a request is refused before its object is looked for. */
  private static final Map<String, String> QUERIES =
      Map.of(
          "/v1/threads/{thread_id}/runs/{run_id}/steps/{step_id}/context/difference",
          "?other_step=step_x");

  /**
   * Bodies that are as described, since a wrong body is refused before its object is looked for.
   */
  private static final Map<String, String> BODIES =
      Map.ofEntries(
          Map.entry("/v1/projects", "{\"name\": \"x\"}"),
          Map.entry("/v1/projects/{project_id}/bursts", "{\"tokens\": 1}"),
          Map.entry("/v1/containers/{container_id}/files", "{\"file_id\": \"file-x\"}"),
          Map.entry("/v1/threads/{thread_id}/messages", "{\"role\": \"user\", \"content\": \"x\"}"),
          Map.entry("/v1/threads/{thread_id}/runs", "{\"assistant_id\": \"asst_x\"}"),
          Map.entry(
              "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
              "{\"tool_outputs\": [{\"tool_call_id\": \"call_x\", \"output\": \"x\"}]}"),
          Map.entry("/v1/threads/{thread_id}/memory/summaries", "{\"text\": \"x\"}"),
          Map.entry("/v1/threads/{thread_id}/memory/items/{item_id}", "{\"text\": \"x\"}"),
          Map.entry("/v1/threads/{thread_id}/memory/search", "{\"query\": \"x\"}"),
          Map.entry("/v1/vector_stores/{vector_store_id}/files", "{\"file_id\": \"file-x\"}"),
          Map.entry(
              "/v1/vector_stores/{vector_store_id}/file_batches", "{\"file_ids\": [\"file-x\"]}"),
          Map.entry(
              "/v1/vector_stores/{vector_store_id}/files/{file_id}",
              "{\"attributes\": {\"a\": 1}}"),
          Map.entry("/v1/vector_stores/{vector_store_id}/search", "{\"query\": \"x\"}"),
          Map.entry("/v1/uploads/{upload_id}/complete", "{\"part_ids\": [\"part_x\"]}"),
          Map.entry("/v1/conversations/{conversation_id}", "{\"metadata\": {}}"),
          Map.entry(
              "/v1/conversations/{conversation_id}/items",
              "{\"items\": [{\"role\": \"user\", \"content\": \"x\"}]}"),
          Map.entry(
              "/v1/assistants/{assistant_id}/tools/openapi",
              "{\"document\": {\"openapi\": \"3.1.0\"}}"),
          Map.entry(
              "/v1/webhook_endpoints/{webhook_endpoint_id}/test",
              "{\"event_type\": \"run.completed\"}"),
          Map.entry(
              "/v1/projects/{project_id}/logs/webhooks",
              """
              {"name": "n", "url": "http://127.0.0.1:9/", "event_types": ["*"]}"""),
          Map.entry(
              "/v1/projects/{project_id}/logs/webhooks/{webhook_endpoint_id}/test",
              "{\"event_type\": \"run.completed\"}"),
          Map.entry(
              "/v1/a2a/{assistant_id}", "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"x\"}"));

  private final ApiClient user = ApiClient.user();
  private final ApiClient admin = ApiClient.admin();
  private final JsonNode document = ApiClient.anonymous().get("/openapi?format=json").json();
  private final List<Endpoint> endpoints = endpoints();
  private final Set<String> wrong = new TreeSet<>();

  @Inject SettableClock clock;
  FakeProvider provider;

  private record Endpoint(String method, String template, boolean takesForm) {
    String name() {
      return method + " " + template;
    }
  }

  @BeforeEach
  void start() {
    provider.reset();
    clock.reset();
  }

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  private List<Endpoint> endpoints() {
    var found = new ArrayList<Endpoint>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        operation -> {
                          if (METHODS.contains(operation.getKey())
                              && path.getKey().startsWith("/v1/")) {
                            found.add(
                                new Endpoint(
                                    operation.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey(),
                                    takesForm(operation.getValue())));
                          }
                        }));
    return found;
  }

  private static boolean takesForm(JsonNode operation) {
    return operation.path("requestBody").path("content").has("multipart/form-data");
  }

  private ApiClient.Response call(ApiClient caller, Endpoint endpoint, Map<String, String> ids) {
    var path = ApiObjects.path(endpoint.template(), ids).replaceAll("\\{\\w+}", "none");
    if (!endpoint.method().equals("POST")) {
      var query = QUERIES.getOrDefault(endpoint.template(), "");
      return caller.send(endpoint.method(), path + query, null);
    }
    return endpoint.takesForm() && !BODIES.containsKey(endpoint.template())
        ? caller
            .with("Content-Type", "multipart/form-data; boundary=b")
            .send("POST", path, "--b--\r\n".getBytes(StandardCharsets.UTF_8))
        : caller.post(path, BODIES.getOrDefault(endpoint.template(), "{}"));
  }

  private void expect(
      Endpoint endpoint, String row, ApiClient.Response answer, int status, String code) {
    var actual = answer.error().path("code").asText(null);
    if (answer.status() != status || (code != null && !code.equals(actual))) {
      wrong.add(
          "%s with %s: expected %d %s, got %d %s"
              .formatted(
                  endpoint.name(),
                  row,
                  status,
                  code,
                  answer.status(),
                  answer.text().substring(0, Math.min(200, answer.text().length()))));
    }
  }

  private String key(String body) {
    var made = admin.post("/v1/projects/proj_default/api_keys", body);
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return made.json().path("value").asText();
  }

  @Test
  void noKeyThatDoesNotWorkOpensAnyEndpoint() {
    var ids = Map.<String, String>of();
    var revoked = admin.post("/v1/projects/proj_default/api_keys", "{}");
    admin.delete("/v1/projects/proj_default/api_keys/" + revoked.id());
    var signedOut = admin.post("/v1/projects/proj_default/api_keys", "{}");
    var ended = ConsoleBrowser.signIn(ApiClient.withKey(signedOut.json().path("value").asText()));
    admin.delete("/v1/projects/proj_default/api_keys/" + signedOut.id());
    var session = ConsoleBrowser.signIn(user);
    var expired = key("{\"expires_after\": {\"seconds\": 60}}");
    var elsewhere = key("{\"allowed_addresses\": [\"192.0.2.0/24\"]}");
    var stranger = ApiClient.stranger().with("OpenAI-Project", "proj_default");
    clock.advance(Duration.ofSeconds(61));
    var rows = new HashMap<String, ApiClient>();
    rows.put("a revoked key", ApiClient.withKey(revoked.json().path("value").asText()));
    rows.put("an expired key", ApiClient.withKey(expired));
    rows.put("an unknown key", ApiClient.withKey("sk-unknownUnknown"));
    rows.put("a session of a revoked key", ended.page());

    for (var endpoint : endpoints) {
      rows.forEach(
          (row, caller) ->
              expect(endpoint, row, call(caller, endpoint, ids), 401, "invalid_api_key"));
      expect(
          endpoint,
          "a key of another address",
          call(ApiClient.withKey(elsewhere), endpoint, ids),
          401,
          "ip_not_authorized");
      expect(
          endpoint,
          "a key of another project, in the name of this one",
          call(stranger, endpoint, ids),
          401,
          "mismatched_project");
      expect(
          endpoint,
          "a session, from another site",
          call(session.page().with("Sec-Fetch-Site", "cross-site"), endpoint, ids),
          403,
          null);
      if (!endpoint.template().endsWith("agent-card.json")) {
        expect(
            endpoint, "no key", call(ApiClient.anonymous(), endpoint, ids), 401, "invalid_api_key");
        expect(
            endpoint,
            "a session that another page uses",
            call(session.otherPage(), endpoint, ids),
            401,
            "invalid_api_key");
      }
    }

    assertThat(wrong).isEmpty();
    assertThat(endpoints).hasSizeGreaterThan(90);
  }

  @Test
  void noKeyWithoutTheScopeOpensAnEndpoint() {
    var ids = Map.of("project_id", "proj_default");
    var without =
        EnumSet.allOf(Scope.class).stream()
            .collect(
                Collectors.toMap(
                    scope -> scope,
                    scope ->
                        ApiClient.withKey(key("{\"scopes\": %s}".formatted(othersThan(scope))))));
    var scopes = new HashMap<Scope, Integer>();

    for (var endpoint : endpoints) {
      var needed = EndpointScopes.of(endpoint.method(), endpoint.template()).scope();
      scopes.merge(needed, 1, Integer::sum);
      var answer = call(without.get(needed), endpoint, ids);
      expect(endpoint, "all scopes but " + needed, answer, 403, "missing_scope");
      assertThat(answer.text()).contains(needed.wire());
    }

    assertThat(wrong).isEmpty();
    assertThat(scopes.keySet()).containsExactlyInAnyOrder(Scope.values());
  }

  /** Without {@code admin}, which includes the others. */
  private static String othersThan(Scope scope) {
    return EnumSet.complementOf(EnumSet.of(scope, Scope.ADMIN)).stream()
        .map(other -> "\"" + other.wire() + "\"")
        .collect(Collectors.joining(", ", "[", "]"));
  }

  @Test
  void noKeyOpensAnEndpointInAnotherRegion() {
    var project = admin.post("/v1/projects", "{\"name\": \"european\", \"region\": \"eu\"}").id();
    var keys = "/v1/projects/" + project + "/api_keys";
    var made = admin.post(keys, "{\"scopes\": [\"admin\"]}");
    var caller =
        ApiClient.withKey(made.json().path("value").asText()).with("OpenAI-Data-Region", "us");
    var ids = Map.of("project_id", project);

    for (var endpoint : endpoints) {
      expect(
          endpoint, "another region", call(caller, endpoint, ids), 400, "data_residency_mismatch");
    }

    assertThat(wrong).isEmpty();
  }

  @Test
  void noKeyOfAnotherProjectAndNoTokenOfAnotherUserReachesAnObject() {
    var ids = ApiObjects.create(user, admin, provider, "access-" + UUID.randomUUID());
    var project = admin.post("/v1/projects", "{\"name\": \"elsewhere\"}").id();
    var keys = "/v1/projects/" + project + "/api_keys";
    var stranger =
        ApiClient.withKey(
            admin.post(keys, "{\"scopes\": [\"admin\"]}").json().path("value").asText());
    var token =
        ApiClient.withKey(
            user.post("/v1/client_tokens", "{\"user\": \"bob\"}").json().path("value").asText());

    for (var endpoint : endpoints) {
      var operation = EndpointScopes.of(endpoint.method(), endpoint.template());
      boolean namesAnObject =
          endpoint.template().contains("{")
              && !NAMES_NOTHING_OF_A_PROJECT.contains(endpoint.name());
      if (namesAnObject) {
        expect(endpoint, "a key of another project", call(stranger, endpoint, ids), 404, null);
      }
      if (!operation.isForBrowsers()) {
        expect(
            endpoint, "a client token", call(token, endpoint, ids), notForTokens(endpoint), null);
      } else if (namesAnObject) {
        expect(endpoint, "a token of another user", call(token, endpoint, ids), 404, null);
      }
    }
    for (var name : FOR_ADMINS_OF_THE_SERVER) {
      var endpoint =
          endpoints.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
      var own = Map.of("project_id", project, "key_id", "key_none");
      var answer = call(stranger, endpoint, own);
      assertThat(answer.status()).as(name).isEqualTo(403);
    }

    assertThat(wrong).isEmpty();
  }

  /** What is not of the token's project does not exist for it. */
  private static int notForTokens(Endpoint endpoint) {
    return endpoint.template().contains("{project_id}") ? 404 : 403;
  }
}
