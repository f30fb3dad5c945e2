package dev.threadmill.assistants;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tools as other services and their clients spell them, and definitions that cannot work. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ToolDefinitionsTest {
  private static final String DOCUMENT =
      """
      {"openapi": "3.0.1", "info": {"title": "w", "version": "1"},
       "servers": [{"url": "https://wttr.example"}],
       "paths": {"/{place}": {"get": {"operationId": "get-weather", "parameters": [
         {"name": "place", "in": "path", "required": true, "schema": {"type": "string"}},
         {"name": "Host", "in": "header", "schema": {"type": "string"}}]}}}}""";

  private final ApiClient user = ApiClient.user();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"endpoint": "https://x.example/{order}"}                                   | endpoint           | no property 'order'
          {"endpoint": "https://x.example/{order}", "parameters": {"type": "object", "properties": {"id": {}}}} | endpoint | no property 'order'
          {"endpoint": "https://x.example/?q={order}", "parameters": {"properties": {}}} | endpoint         | {order}
          {"endpoint": "https://x.example", "placement": {"Host": "header"}}          | placement.Host     | cannot be set
          {"endpoint": "https://x.example", "placement": {"content-length": "header"}} | placement.content-length | cannot be set
          {"endpoint": "https://x.example", "placement": {"Transfer-Encoding": "header"}} | placement.Transfer-Encoding | cannot be set
          {"endpoint": "https://x.example", "placement": {"Accept-Encoding": "header"}} | placement.Accept-Encoding | cannot be set
          {"endpoint": "https://x.example", "placement": {"content-encoding": "header"}} | placement.content-encoding | cannot be set
          {"endpoint": "https://x.example", "placement": {"Content-Type": "header"}}  | placement.Content-Type | cannot be set
          {"endpoint": "https://x.example", "placement": {"a b": "header"}}           | placement.a b      | cannot be set
          {"endpoint": "https://x.example", "placement": {"a": "path"}}               | placement.a        | no '{a}'
          {"endpoint": "https://x.example", "placement": {"a": "payload", "b": "payload"}} | placement     | payload
          {"endpoint": "https://x.example", "headers": {"Accept-Encoding": "x"}}      | headers            | cannot be set
          {"endpoint": "https://x.example", "auth": {"type": "api_key", "key": "k", "name": "Host"}} | auth.name | cannot be set
          {"endpoint": "https://x.example", "parameters": {"$ref": "#"}}              | parameters         | circle
          """)
  void aWebhookThatCannotWorkIsRefused(String webhook, String field, String reason) {
    var refused =
        user.post(
            "/v1/assistants", assistant("{\"type\": \"webhook\", \"webhook\": " + webhook + "}"));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").asText()).isEqualTo("tools[0].webhook." + field);
    assertThat(refused.json().at("/error/message").asText()).contains(reason);
  }

  @Test
  void aSchemaOverTheLimitsIsRefusedInAssistantsAndRuns() {
    var tools =
        "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": %s}}"
            .formatted(SchemaLimitsTest.doubling("allOf"));
    var id =
        created("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}").path("id").asText();

    var created = user.post("/v1/assistants", assistant(tools));
    var modified = user.post("/v1/assistants/" + id, "{\"tools\": [" + tools + "]}");
    var run =
        user.post(
            "/v1/threads/runs", "{\"assistant_id\": \"%s\", \"tools\": [%s]}".formatted(id, tools));

    for (var refused : java.util.List.of(created, modified, run)) {
      assertThat(refused.status()).as(refused.text()).isEqualTo(400);
      assertThat(refused.json().at("/error/param").asText())
          .isEqualTo("tools[0].function.parameters");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "privacy": {"mode": "strict", "allowed_entities": ["shoe_size"]} | privacy.allowed_entities[0]
          "privacy": {"mode": "strict", "tools": {"a": ["image"]}} | privacy.tools.a[0]
          """)
  void aKindOfPersonalDataThatDoesNotExistIsRefused(String option, String param) {
    var id =
        created("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}").path("id").asText();

    var created = user.post("/v1/assistants", "{\"model\": \"m\", " + option + "}");
    var modified = user.post("/v1/assistants/" + id, "{" + option + "}");

    assertThat(created.status()).as(created.text()).isEqualTo(400);
    assertThat(created.json().at("/error/param").asText()).isEqualTo(param);
    assertThat(created.json().at("/error/message").asText()).contains("expected one of");
    assertThat(modified.status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"safety\": {\"strict\": false}",
        "\"safety\": {\"allowed_domains\": []}",
        "\"privacy\": {\"mode\": \"off\"}",
        "\"privacy\": {}"
      })
  void anOptionThatChangesNothingIsAccepted(String option) {
    var created = user.post("/v1/assistants", "{\"model\": \"m\", " + option + "}");

    assertThat(created.status()).as(created.text()).isEqualTo(200);
  }

  @Test
  void anMcpToolInTheFormOfTheResponsesApiIsShownInBothForms() {
    var tool =
        created(
                """
                {"type": "mcp", "server_label": "docs", "server_url": "https://mcp.example/mcp",
                 "server_description": "The manual.",
                 "authorization": "t0ken", "headers": {"X-A": "b"},
                 "allowed_tools": {"tool_names": ["search"], "read_only": true},
                 "require_approval": "never"}""")
            .at("/tools/0");

    assertThat(tool.path("server_label").asText()).isEqualTo("docs");
    assertThat(tool.path("server_url").asText()).isEqualTo("https://mcp.example/mcp");
    assertThat(tool.path("require_approval").asText()).isEqualTo("never");
    assertThat(tool.at("/allowed_tools/0").asText()).isEqualTo("search");
    assertThat(tool.path("read_only").asBoolean()).isTrue();
    assertThat(tool.path("server_description").asText()).isEqualTo("The manual.");
    assertThat(tool.at("/headers/Authorization").asText()).isEqualTo("***");
    assertThat(tool.at("/mcp/server_label").asText()).isEqualTo("docs");
    assertThat(tool.at("/mcp/headers/X-A").asText()).isEqualTo("***");
    assertThat(tool.toString()).doesNotContain("t0ken");
  }

  @Test
  void aToolIsTakenBackAsItWasShown() {
    var target =
        created("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}").path("id").asText();
    for (var tool :
        java.util.List.of(
            "{\"type\": \"mcp\", \"server_label\": \"d\", \"server_url\": \"https://m.example\", \"headers\": {\"A\": \"b\"}}",
            "{\"type\": \"mcp\", \"server_label\": \"d\", \"server_url\": \"https://m.example\", \"server_description\": \"D\", \"allowed_tools\": {\"read_only\": true}}",
            "{\"type\": \"agent_routing\", \"target_assistant_id\": \"" + target + "\"}",
            "{\"type\": \"agent_routing\", \"targets\": [\""
                + target
                + "\"], \"mode\": \"handoff\"}",
            "{\"type\": \"openapi\", \"openapi\": {\"name\": \"w\", \"spec\": "
                + DOCUMENT
                + "}}")) {
      var shown = created(tool);
      var path = "/v1/assistants/" + shown.path("id").asText();

      var again = user.post(path, "{\"tools\": " + shown.path("tools") + "}");

      assertThat(again.status()).as(again.text()).isEqualTo(200);
      assertThat(again.json().path("tools")).isEqualTo(shown.path("tools"));
    }
  }

  @Test
  void aRoutingToolNamesItsTargetBesideTheType() {
    var target =
        created("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}").path("id").asText();

    var tool =
        created("{\"type\": \"agent_routing\", \"target_assistant_id\": \"" + target + "\"}")
            .at("/tools/0");

    assertThat(tool.path("target_assistant_id").asText()).isEqualTo(target);
    assertThat(tool.at("/agent_routing/targets/0").asText()).isEqualTo(target);
  }

  @Test
  void aConnectedAgentIsARoutingToolUnderItsOwnName() {
    var target =
        created("{\"type\": \"function\", \"function\": {\"name\": \"f\"}}").path("id").asText();

    var tool =
        created(
                """
                {"type": "connected_agent", "connected_agent": {"id": "%s", "name": "stock_bot",
                 "description": "Knows prices"}}"""
                    .formatted(target))
            .at("/tools/0");

    assertThat(tool.path("type").asText()).isEqualTo("agent_routing");
    assertThat(tool.at("/agent_routing/targets/0/name").asText()).isEqualTo("stock_bot");
    assertThat(tool.at("/agent_routing/targets/0/description").asText()).isEqualTo("Knows prices");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type": "mcp", "server_label": "d"}                                                      | tools[0].mcp
          {"type": "mcp", "server_label": "d", "connector_id": "c"}                                 | tools[0].connector_id
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "mcp": {"server_label": "e", "server_url": "https://m.example"}} | tools[0].mcp
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "allowed_tools": {"read_only": "yes"}} | tools[0].allowed_tools
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "allowed_tools": {}} | tools[0].allowed_tools
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "allowed_tools": {"tool_names": ["a"], "all": true}} | tools[0].allowed_tools
          {"type": "mcp", "server_label": "d", "connector_id": "connector_gmail"} | tools[0].connector_id
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "allowed_tools": 7} | tools[0].allowed_tools
          {"type": "mcp", "server_label": "d", "server_url": "https://m.example", "authorization": "t", "headers": {"authorization": "u"}} | tools[0].authorization
          {"type": "agent_routing", "target_assistant_id": "asst_none"}                             | tools[0].agent_routing.targets[0]
          {"type": "agent_routing", "target_assistant_id": "asst_a", "targets": ["asst_b"]}         | tools[0].target_assistant_id
          {"type": "agent_routing", "target_assistant_id": "asst_a", "agent_routing": {"targets": ["asst_b"]}} | tools[0].target_assistant_id
          {"type": "connected_agent", "connected_agent": {"name": "x"}}                             | tools[0].connected_agent.id
          {"type": "openapi", "openapi": {"name": "w"}}                                             | tools[0].openapi.spec
          {"type": "openapi", "openapi": {"name": "w", "spec": {"swagger": "2.0"}}}                 | tools[0].openapi.spec
          {"type": "openapi", "openapi": {"name": "w", "spec": {"openapi": "3.0.0", "paths": {}, "servers": [{"url": "https://x.example"}]}}} | tools[0].openapi.spec
          {"type": "openapi", "openapi": {"name": "w", "spec": {}, "auth": {"type": "managed_identity"}}} | tools[0].openapi.auth.type
          {"type": "bing_grounding", "bing_grounding": {"connections": []}}                         | tools[0].type
          """)
  void aToolThatCannotBeReadIsRefusedAtItsField(String tool, String param) {
    var refused = user.post("/v1/assistants", assistant(tool));

    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").asText()).as(refused.text()).isEqualTo(param);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bing_grounding", "azure_ai_search", "azure_function", "browser_automation"})
  void aToolOfAnotherServiceIsRefusedWithAnAlternative(String type) {
    var refused = user.post("/v1/assistants", assistant("{\"type\": \"%s\"}".formatted(type)));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().at("/error/message").asText())
        .contains(type)
        .containsAnyOf("'mcp'", "'webhook'");
  }

  private JsonNode created(String tool) {
    var created = user.post("/v1/assistants", assistant(tool));
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.json();
  }

  private static String assistant(String tool) {
    return "{\"model\": \"rehearsal\", \"tools\": [" + tool + "]}";
  }
}
