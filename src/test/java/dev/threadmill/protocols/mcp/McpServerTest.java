package dev.threadmill.protocols.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.modelcontextprotocol.spec.McpSchema;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The assistants of a project as tools of an MCP server. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpServerTest extends McpServerFixture {
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

  @SuppressWarnings("unchecked")
  private static Map<String, Object> structured(McpSchema.CallToolResult result) {
    return (Map<String, Object>) result.structuredContent();
  }
}
