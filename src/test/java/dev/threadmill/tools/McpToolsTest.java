package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SdkMcpServer;
import dev.threadmill.testing.ToolRuns;
import io.modelcontextprotocol.spec.McpSchema;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class McpToolsTest {
  private static final String NEVER = "\"require_approval\": \"never\"";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final SdkMcpServer server =
      new SdkMcpServer()
          .with("echo", null, text -> "you said " + text)
          .with("fail", null, text -> "error: " + text)
          .with("throw", null, _ -> Objects.requireNonNull(null, "broken"));

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theToolsOfAnMcpServerAreOfferedAndCalled() {
    // Given
    provider.reply(
        Reply.calls(
            call("docs_echo", "{\"text\": \"hello\"}"),
            call("docs_fail", "{\"text\": \"oops\"}"),
            call("docs_throw", "{\"text\": \"x\"}"),
            call("docs_echo", "{\"txt\": 1}")),
        Reply.text("Done."));
    var assistant = assistant(NEVER + ", \"headers\": {\"Authorization\": \"Bearer t0ken\"}");

    // When
    var run = runs.run(assistant, "Go");

    // Then
    assertThat(run.status()).describedAs(run.run().toString()).isEqualTo("completed");
    assertThat(run.output(0)).isEqualTo("you said hello");
    assertThat(run.output(1)).contains("tool_error", "error: oops");
    assertThat(run.output(2)).contains("error");
    assertThat(run.output(3)).contains("invalid_arguments", "text");
    assertThat(server.calls()).hasSize(3);
    assertThat(server.requests()).allMatch(r -> "Bearer t0ken".equals(r.authorization()));
    assertThat(server.requests())
        .extracting(SdkMcpServer.Request::idempotencyKey)
        .contains(run.calls().getFirst().path("id").asText());
    assertThat(provider.requests().getFirst().body().at("/tools/0/function/description").asText())
        .isEqualTo("Does echo");
    assertThat(run.run().toString()).doesNotContain("t0ken");
  }

  @Test
  void theListOfToolsIsKeptForAWhile() {
    var assistant = assistant(NEVER);

    runs.run(assistant, "One");
    int first = server.requests().size();
    runs.run(assistant, "Two");

    assertThat(first).isPositive();
    assertThat(server.requests()).hasSize(first);
  }

  @Test
  void ofAServerThatMayOnlyReadTheToolsThatSaySoAreOfferedAndSayWhatTheServerIsFor() {
    var reads = new McpSchema.ToolAnnotations(null, true, null, null, null, null);
    server.with("look", reads, text -> "found " + text);

    runs.run(
        assistant(
            NEVER + ", \"read_only\": true, \"server_description\": \"The manual of the mill.\""),
        "Go");

    var tools = provider.lastRequest().body().path("tools");
    assertThat(tools).hasSize(1);
    assertThat(tools.at("/0/function/name").asText()).isEqualTo("docs_look");
    assertThat(tools.at("/0/function/description").asText())
        .contains("Does look", "docs", "The manual of the mill.");
  }

  @Test
  void onlyTheAllowedToolsAreOffered() {
    runs.run(assistant(NEVER + ", \"allowed_tools\": [\"echo\"]"), "Go");

    assertThat(provider.lastRequest().body().path("tools")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          approve                                  | you said hello | 1
          {"approve": true}                        | you said hello | 1
          deny                                     | not_approved   | 0
          {"approve": false, "reason": "too dear"} | too dear       | 0
          """)
  void aCallWaitsUntilItIsAllowed(String word, String output, int calls) {
    // Given
    provider.reply(Reply.call("docs_echo", "{\"text\": \"hello\"}"), Reply.text("Done."));
    var waiting = runs.run(assistant(""), "Go");
    var before = server.calls().size();

    // When
    var ended = runs.submit(waiting, word);

    // Then
    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(
            waiting
                .run()
                .at("/required_action/submit_tool_outputs/tool_calls/0/approval")
                .asBoolean())
        .isTrue();
    assertThat(before).isZero();
    assertThat(ended.status()).isEqualTo("completed");
    assertThat(ended.output(0)).contains(output);
    assertThat(server.calls()).hasSize(calls);
  }

  @Test
  void whatIsNoAnswerToARequestForApprovalIsRefused() {
    provider.reply(Reply.call("docs_echo", "{\"text\": \"hello\"}"));
    var waiting = runs.run(assistant(""), "Go");

    var refused =
        api.post(
            "/v1/threads/%s/runs/%s/submit_tool_outputs"
                .formatted(
                    waiting.run().path("thread_id").asText(), waiting.run().path("id").asText()),
            "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"maybe\"}]}"
                .formatted(waiting.open().getFirst()));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(runs.submit(waiting, "approve").status()).isEqualTo("completed");
  }

  @Test
  void approvalMayBeWantedForSomeToolsOnly() {
    provider.reply(
        Reply.calls(
            call("docs_echo", "{\"text\": \"free\"}"), call("docs_fail", "{\"text\": \"x\"}")));

    var waiting =
        runs.run(
            assistant("\"require_approval\": {\"never\": {\"tool_names\": [\"echo\"]}}"), "Go");

    assertThat(waiting.status()).isEqualTo("requires_action");
    assertThat(waiting.output(0)).isEqualTo("you said free");
    assertThat(waiting.open()).containsExactly(waiting.calls().get(1).path("id").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          500 | application/json  | {}
          200 | text/html         | <html>
          200 | application/json  | {"jsonrpc": "2.0"
          200 | application/json  | {"jsonrpc": "2.0", "id": "another", "result": {}}
          200 | application/json  | {"jsonrpc": "2.0", "id": 1, "result": "LARGE"}
          200 | text/event-stream | data: never mind
          302 | http://169.254.169.254/mcp | ``
          """)
  void theToolsOfAServerWithUnusableResponsesAreLeftOutAtOnce(
      int status, String type, String body) {
    try (var liar = RecordingServer.start()) {
      liar.on(
          "/mcp",
          (exchange, _) -> {
            if (status == 302) {
              exchange.getResponseHeaders().set("Location", type);
            }
            RecordingServer.reply(
                exchange, status, type, body.replace("LARGE", "x".repeat(300_000)));
          });
      var assistant =
          runs.assistant(
              "gpt-4o",
              "",
              """
              {"type": "mcp", "mcp": {"server_label": "liar", "server_url": "%s"}}"""
                  .formatted(liar.url("/mcp")));

      var run = runs.run(assistant, "Go");

      assertThat(run.status()).isEqualTo("completed");
      assertThat(run.steps().getFirst().path("warnings").toString()).contains("'liar'");
    }
  }

  private String assistant(String more) {
    return runs.assistant(
        "gpt-4o",
        "",
        "{\"type\": \"mcp\", \"mcp\": {\"server_label\": \"docs\", \"server_url\": \"%s\"%s}}"
            .formatted(server.url(), more.isEmpty() ? "" : ", " + more));
  }

  private static Reply.Call call(String name, String arguments) {
    return new Reply.Call("call_" + name + arguments.hashCode(), name, arguments);
  }
}
