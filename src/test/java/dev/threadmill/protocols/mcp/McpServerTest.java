package dev.threadmill.protocols.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The MCP server, through the client of the official SDK over HTTP. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String key = ApiClient.strangersKey();
  private final ApiClient api = ApiClient.withKey(key);
  private final List<McpSyncClient> clients = new ArrayList<>();
  private final List<McpSchema.ProgressNotification> progress = new CopyOnWriteArrayList<>();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    clients.forEach(McpSyncClient::close);
  }

  @Test
  void theExposedAssistantsOfAProjectAreTools() {
    // Given
    assistant("Tax Advisor", "\"description\": \"Knows the tax law\", ");
    assistant("tax advisor!", "");
    assistant("Größe & Maß", "");
    assistant("東京", "");
    api.post("/v1/assistants", "{\"model\": \"gpt-4o\", \"name\": \"Hidden\"}");

    // When
    var client = client(key);
    var tools = client.listTools().tools();

    // Then
    assertThat(client.getServerInfo().name()).isEqualTo("threadmill");
    var names = tools.stream().map(McpSchema.Tool::name).toList();
    assertThat(names).hasSize(4).startsWith("tax_advisor", "tax_advisor_2", "gro_e_ma");
    assertThat(names.getLast()).startsWith("asst_");
    assertThat(tools.getFirst().description()).isEqualTo("Knows the tax law");
    assertThat(tools.getFirst().inputSchema().required()).containsExactly("message");
    assertThat(tools.getFirst().inputSchema().properties()).containsKeys("message", "thread_id");
  }

  @Test
  void aCallIsAnsweredAndItsThreadCanBeContinued() {
    // Given
    assistant("Helper", "");
    provider.reply(Reply.text("Good morning."), Reply.text("Good night."));
    var client = client(key);

    // When
    var first = client.callTool(call("helper", Map.of("message", "Hello")));
    var thread = structured(first).get("thread_id");
    var second =
        client.callTool(call("helper", Map.of("message", "And now?", "thread_id", thread)));

    // Then
    assertThat(first.isError()).isFalse();
    assertThat(text(first)).isEqualTo("Good morning.");
    assertThat(structured(first)).containsEntry("status", "completed");
    assertThat(text(second)).isEqualTo("Good night.");
    assertThat(structured(second)).containsEntry("thread_id", thread);
    assertThat(structured(second).get("run_id")).isNotEqualTo(structured(first).get("run_id"));
    assertThat(provider.lastRequest().body().path("messages").findValuesAsText("content"))
        .contains("Hello", "Good morning.", "And now?");
    var run = api.get("/v1/threads/" + thread + "/runs/" + structured(first).get("run_id"));
    assertThat(run.json().path("status").asText()).isEqualTo("completed");
  }

  @Test
  void aClientWithAProgressTokenGetsProgressNotifications() {
    // Given
    assistant("Helper", "");
    var gate = new ReplyGate();
    provider.reply(Reply.text("One two three").withGate(gate));
    var client = client(key);
    var call =
        McpSchema.CallToolRequest.builder()
            .name("helper")
            .arguments(Map.of("message", "Count"))
            .progressToken("tok-1")
            .build();

    // When
    var result =
        CompletableFuture.supplyAsync(
            () -> client.callTool(call), task -> Thread.ofVirtual().start(task));
    await().atMost(PATIENCE).until(() -> !progress.isEmpty());
    gate.open();

    // Then
    assertThat(text(result.join())).isEqualTo("One two three");
    assertThat(progress)
        .allSatisfy(report -> assertThat(report.progressToken()).isEqualTo("tok-1"));
    assertThat(progress).extracting(McpSchema.ProgressNotification::progress).isSorted();
    assertThat(progress.getFirst().message()).isIn("queued", "in_progress");
  }

  @Test
  void aRunThatFailsIsAnErrorOfTheToolWithTheReason() {
    assistant("Helper", "");
    provider.reply(Reply.error(400, "content_policy", "That prompt is not allowed."));

    var result = client(key).callTool(call("helper", Map.of("message", "Hello")));

    assertThat(result.isError()).isTrue();
    assertThat(text(result)).contains("failed", "not allowed");
    assertThat(structured(result)).containsEntry("status", "failed");
  }

  @Test
  void aRunThatWaitsForOutputsIsAnErrorOfTheToolThatNamesIt() {
    assistant(
        "Helper",
        "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}], ");
    provider.reply(Reply.call("get_weather", "{}"));

    var result = client(key).callTool(call("helper", Map.of("message", "Hello")));

    assertThat(result.isError()).isTrue();
    assertThat(text(result))
        .contains("get_weather", (String) structured(result).get("run_id"), "Submit");
    assertThat(structured(result)).containsEntry("status", "requires_action");
  }

  @Test
  void anUnknownToolIsAnErrorOfTheProtocol() {
    var client = client(key);

    assertThatThrownBy(() -> client.callTool(call("nobody", Map.of("message", "Hello"))))
        .isInstanceOfSatisfying(
            McpError.class, error -> assertThat(error.getJsonRpcError().code()).isEqualTo(-32602));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"message\": \"\"}",
        "{\"message\": 5}",
        "{\"message\": \"x\", \"thread_id\": 5}",
        "{\"message\": \"x\", \"thread_id\": \"nonsense\"}",
        "{\"message\": \"x\", \"thread_id\": \"thread_of_nobody\"}",
        "{\"message\": \"x\", \"more\": true}"
      })
  void invalidArgumentsAreErrorsThatTheModelReads(String arguments) {
    assistant("Helper", "");

    var answer = post("tools/call", "{\"name\": \"helper\", \"arguments\": " + arguments + "}");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().at("/result/isError").asBoolean()).describedAs(answer.text()).isTrue();
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void anotherProjectSeesNeitherToolsNorThreads() {
    // Given
    assistant("Helper", "");
    var thread = api.post("/v1/threads", "{}").id();
    var stranger = ApiClient.strangersKey();
    assistant(ApiClient.withKey(stranger), "Helper", "");

    // When
    var result =
        client(stranger).callTool(call("helper", Map.of("message", "Hello", "thread_id", thread)));

    // Then
    assertThat(client(stranger).listTools().tools()).hasSize(1);
    assertThat(result.isError()).isTrue();
    assertThat(text(result)).contains("No thread found");
    assertThat(api.get("/v1/threads/" + thread + "/messages").json().path("data")).isEmpty();
  }

  @Test
  void aCallThatIsSentAgainWithItsKeyIsMadeOnce() {
    // Given
    assistant("Helper", "");
    provider.reply(Reply.text("Once."), Reply.text("Twice."));
    var request =
        McpSchema.CallToolRequest.builder()
            .name("helper")
            .arguments(Map.of("message", "Hello"))
            .meta(Map.of("threadmill/idempotency-key", "call_1"))
            .build();
    var other =
        McpSchema.CallToolRequest.builder()
            .name("helper")
            .arguments(Map.of("message", "Something else"))
            .meta(Map.of("threadmill/idempotency-key", "call_1"))
            .build();

    // When
    var first = client(key).callTool(request);
    var again = client(key).callTool(request);
    var reused = client(key).callTool(other);

    // Then
    assertThat(text(again)).isEqualTo(text(first)).isEqualTo("Once.");
    assertThat(structured(again)).isEqualTo(structured(first));
    assertThat(reused.isError()).isTrue();
    assertThat(text(reused)).contains("key");
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aCancelledCallCancelsItsRun() {
    // Given
    assistant("Helper", "");
    provider.reply(Reply.hang());
    var session = post("initialize", initialize()).headers().firstValue("Mcp-Session-Id");
    var caller = api.with("Mcp-Session-Id", session.orElseThrow());

    // When
    SseStream.Frame last;
    try (var stream =
        caller.stream(
            "/v1/mcp",
            body("tools/call", "{\"name\": \"helper\", \"arguments\": {\"message\": \"Hi\"}}"))) {
      await().atMost(PATIENCE).until(() -> !provider.requests().isEmpty());
      var response =
          caller.post(
              "/v1/mcp",
              "{\"jsonrpc\": \"2.0\", \"method\": \"notifications/cancelled\", \"params\":"
                  + " {\"requestId\": 7, \"reason\": \"enough\"}}");
      assertThat(response.status()).isEqualTo(202);
      last = stream.rest().getLast();
    }

    // Then
    assertThat(last.json().path("id").asInt()).isEqualTo(7);
    assertThat(last.json().at("/result/structuredContent/status").asText()).isEqualTo("cancelled");
  }

  @Test
  void aCancellationFromAnotherSessionChangesNothing() {
    // Given
    assistant("Helper", "");
    var gate = new ReplyGate();
    provider.reply(Reply.text("Done.").withGate(gate));
    var caller = api.with("Mcp-Session-Id", "mcp_shared");

    // When
    try (var stream =
        caller.stream(
            "/v1/mcp",
            body("tools/call", "{\"name\": \"helper\", \"arguments\": {\"message\": \"Hi\"}}"))) {
      await().atMost(PATIENCE).until(() -> gate.waiting() > 0);
      ApiClient.stranger()
          .with("Mcp-Session-Id", "mcp_shared")
          .post(
              "/v1/mcp",
              "{\"jsonrpc\": \"2.0\", \"method\": \"notifications/cancelled\", \"params\":"
                  + " {\"requestId\": 7}}");
      gate.open();

      // Then
      assertThat(stream.rest().getLast().json().at("/result/content/0/text").asText())
          .isEqualTo("Done.");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          nonsense                                                        | 400 | -32700
          {"jsonrpc": "2.0", "id": 1, "method": "a\\u0000b"}               | 400 | -32700
          {"jsonrpc": "2.0", "id": 1, "method": "a\\ud800b"}               | 400 | -32700
          null                                                            | 400 | -32600
          true                                                            | 400 | -32600
          1e400000000                                                     | 400 | -32600
          "ping"                                                          | 400 | -32600
          []                                                              | 400 | -32600
          [null]                                                          | 400 | -32600
          [{"jsonrpc": "2.0", "id": 1, "method": "ping"}]                 | 400 | -32600
          {}                                                              | 400 | -32600
          {"jsonrpc": "2.0"}                                              | 400 | -32600
          {"jsonrpc": null, "id": 1, "method": "ping"}                    | 400 | -32600
          {"jsonrpc": "1.0", "id": 1, "method": "ping"}                   | 400 | -32600
          {"jsonrpc": "2.0", "id": null, "method": "ping"}                | 400 | -32600
          {"jsonrpc": "2.0", "id": {}, "method": "ping"}                  | 400 | -32600
          {"jsonrpc": "2.0", "id": true, "method": "ping"}                | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": null}                     | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": ["ping"]}                 | 400 | -32600
          {"jsonrpc": "2.0", "method": 5}                                 | 400 | -32600
          {"jsonrpc": "2.0", "id": 1, "method": "no/such"}                | 200 | -32601
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}             | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 3}}         | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x", "arguments": []}} | 200 | -32602
          {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": []}} | 200 | -32602
          """)
  void aBodyThatIsNoMessageIsRejected(String body, int status, int code) {
    var answer = api.post("/v1/mcp", body);

    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(status);
    assertThat(answer.json().at("/error/code").asInt()).describedAs(answer.text()).isEqualTo(code);
    assertThat(answer.text()).doesNotContain("io.modelcontextprotocol", "jackson");
  }

  /** Whatever the parameters are, the answer is one of JSON-RPC. */
  @ParameterizedTest
  @ValueSource(
      strings = {"initialize", "ping", "tools/list", "tools/call", "resources/list", "no/such"})
  void parametersOfAnyTypeGetAnAnswerOfTheProtocol(String method) {
    assistant("Helper", "");
    var nested = "[".repeat(150) + "]".repeat(150);
    for (var params :
        List.of(
            "null",
            "true",
            "0",
            "\"x\"",
            "[]",
            "[null]",
            "{}",
            nested,
            "{\"name\": null}",
            "{\"name\": \"helper\", \"arguments\": null, \"_meta\": null}",
            "{\"name\": \"helper\", \"arguments\": {\"message\": " + nested + "}}",
            "{\"name\": \"helper\", \"arguments\": {}, \"_meta\": {\"progressToken\": {}}}",
            "{\"cursor\": 3}")) {
      var answer = api.post("/v1/mcp", body(method, params));

      assertThat(answer.status()).as("%s %s: %s", method, params, answer.text()).isEqualTo(200);
      if (answer.text().startsWith("{")) {
        assertThat(answer.json().path("jsonrpc").asText()).isEqualTo("2.0");
        assertThat(answer.json().has("result") || answer.json().has("error")).isTrue();
        assertThat(answer.json().at("/error/code").asInt()).isNotEqualTo(-32603);
      }
      assertThat(answer.text()).doesNotContain("io.modelcontextprotocol", "jackson", "reactor");
    }
  }

  @Test
  void deepNestingIsRejected() {
    for (int depth : new int[] {201, 5_000, 200_000}) {
      var nested = "[".repeat(depth) + "]".repeat(depth);
      var bodies =
          List.of(nested, "{\"a\":".repeat(depth) + "1" + "}".repeat(depth), body("ping", nested));
      for (var body : bodies) {
        var answer = api.post("/v1/mcp", body);

        assertThat(answer.status()).as("depth %d", depth).isEqualTo(400);
      }
    }
  }

  @Test
  void requestsOutOfBoundsAreRejected() {
    var ping = body("ping", "{}");
    var large = new byte[11 * 1024 * 1024];
    Arrays.fill(large, (byte) ' ');

    assertThat(api.get("/v1/mcp").status()).isEqualTo(405);
    assertThat(api.delete("/v1/mcp").status()).isEqualTo(204);
    assertThat(ApiClient.anonymous().post("/v1/mcp", ping).status()).isEqualTo(401);
    assertThat(ApiClient.withKey("sk-wrong").post("/v1/mcp", ping).status()).isEqualTo(401);
    assertThat(api.with("Content-Type", "application/json").send("POST", "/v1/mcp", large).status())
        .isEqualTo(413);
    assertThat(api.with("MCP-Protocol-Version", "1999-01-01").post("/v1/mcp", ping).status())
        .isEqualTo(400);
    assertThat(
            api.with("Accept", "application/json")
                .post("/v1/mcp", body("tools/call", "{\"name\": \"x\"}"))
                .status())
        .isEqualTo(406);
    assertThat(api.post("/v26/mcp", ping).json().path("result").isObject()).isTrue();
    assertThat(api.post("/v2/mcp", "[".repeat(5_000)).status()).isEqualTo(400);
  }

  private void assistant(String name, String more) {
    assistant(api, name, more);
  }

  private static void assistant(ApiClient caller, String name, String more) {
    var created =
        caller.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"name\": %s, %s\"exposure\": {\"mcp\": true}}"
                .formatted(JsonNodeFactory.instance.textNode(name), more));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    assertThat(created.json().at("/exposure/mcp").asBoolean()).isTrue();
  }

  private McpSyncClient client(String callersKey) {
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

  private static McpSchema.CallToolRequest call(String name, Map<String, Object> arguments) {
    return new McpSchema.CallToolRequest(name, arguments);
  }

  private static String text(McpSchema.CallToolResult result) {
    return ((McpSchema.TextContent) result.content().getFirst()).text();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> structured(McpSchema.CallToolResult result) {
    return (Map<String, Object>) result.structuredContent();
  }

  private ApiClient.Response post(String method, String params) {
    return api.post("/v1/mcp", body(method, params));
  }

  private static String body(String method, String params) {
    return "{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"%s\", \"params\": %s}"
        .formatted(method, params);
  }

  private static String initialize() {
    return "{\"protocolVersion\": \"2025-06-18\", \"capabilities\": {}, \"clientInfo\": {\"name\":"
        + " \"test\", \"version\": \"1\"}}";
  }
}
