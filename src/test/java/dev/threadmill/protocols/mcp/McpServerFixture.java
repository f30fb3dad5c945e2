package dev.threadmill.protocols.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A project with exposed assistants, and MCP clients of it. */
abstract class McpServerFixture {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  final String key = ApiClient.strangersKey();
  final ApiClient api = ApiClient.withKey(key);
  final List<McpSyncClient> clients = new ArrayList<>();
  final List<McpSchema.ProgressNotification> progress = new CopyOnWriteArrayList<>();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    clients.forEach(McpSyncClient::close);
  }

  void assistant(String name, String more) {
    assistant(api, name, more);
  }

  static void assistant(ApiClient caller, String name, String more) {
    var created =
        caller.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"name\": %s, %s\"exposure\": {\"mcp\": true}}"
                .formatted(JsonNodeFactory.instance.textNode(name), more));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    assertThat(created.json().at("/exposure/mcp").asBoolean()).isTrue();
  }

  McpSyncClient client(String callersKey) {
    var transport =
        HttpClientStreamableHttpTransport.builder(ApiClient.base())
            .endpoint("/v1/mcp")
            .jsonMapper(new JacksonMcpJsonMapper(new ObjectMapper()))
            .customizeRequest(request -> request.header("Authorization", "Bearer " + callersKey))
            .build();
    var client =
        McpClient.sync(transport)
            .requestTimeout(PATIENCE)
            .jsonSchemaValidator(
                (_, value) -> JsonSchemaValidator.ValidationResponse.asValid(String.valueOf(value)))
            .progressConsumer(progress::add)
            .build();
    clients.add(client);
    client.initialize();
    return client;
  }

  static McpSchema.CallToolRequest call(String name, Map<String, Object> arguments) {
    return new McpSchema.CallToolRequest(name, arguments);
  }

  static String text(McpSchema.CallToolResult result) {
    return ((McpSchema.TextContent) result.content().getFirst()).text();
  }

  ApiClient.Response post(String method, String params) {
    return api.post("/v1/mcp", body(method, params));
  }

  static String body(String method, String params) {
    return "{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"%s\", \"params\": %s}"
        .formatted(method, params);
  }

  static String initialize() {
    return "{\"protocolVersion\": \"2025-06-18\", \"capabilities\": {}, \"clientInfo\": {\"name\":"
        + " \"test\", \"version\": \"1\"}}";
  }
}
