package dev.threadmill.telemetry.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.maintenance.MaintenanceLoop;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.OtlpCollector;
import dev.threadmill.testing.OtlpCollector.Span;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ScriptedMcpServer;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Spans as a collector receives them, from a server that is told to capture content. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@QuarkusTestResource(value = OtlpCollector.class, restrictToAnnotatedClass = true)
class TracesTest {
  private static final String CALLER = "00f067aa0ba902b7";
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final String trace = UUID.randomUUID().toString().replace("-", "");
  private final ApiClient api =
      ApiClient.user().with("traceparent", "00-%s-%s-01".formatted(trace, CALLER));
  private final ToolRuns runs = new ToolRuns(api);

  @Inject Jdbc jdbc;
  @Inject MaintenanceLoop maintenance;

  FakeProvider provider;
  OtlpCollector collector;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @Test
  void aRunItsModelCallsAndItsToolsAreSpansOfTheTraceOfTheCaller() {
    try (var receiver = RecordingServer.start()) {
      // Given
      receiver.on("/cases", RecordingServer.json(200, "{\"case\": 42}"));
      var assistant =
          runs.assistant(
              "gpt-4o",
              "\"name\": \"Tracy\",",
              """
              {"type": "webhook", "webhook": {"name": "open_case", "endpoint": "%s",
                "parameters": {"type": "object"}}}"""
                  .formatted(receiver.url("/cases")));
      provider.reply(
          Reply.call("open_case", "{\"subject\": \"Leak\"}"), Reply.text("It is case 42."));

      // When
      var run = runs.run(assistant, "Open a case");

      // Then
      assertThat(run.status()).isEqualTo("completed");
      var request = span("POST /v1/threads/runs");
      var agent = span("invoke_agent Tracy");
      var chats = spans("chat gpt-4o", 2);
      var tool = span("execute_tool open_case");
      assertThat(request.parent()).isEqualTo(CALLER);
      assertThat(request.kind()).isEqualTo(2);
      assertThat(request.attributes())
          .containsEntry("http.route", "/v1/threads/runs")
          .containsEntry("http.response.status_code", "200");
      assertThat(agent.parent()).isEqualTo(request.id());
      assertThat(agent.attributes())
          .containsEntry("gen_ai.operation.name", "invoke_agent")
          .containsEntry("gen_ai.agent.id", assistant)
          .containsEntry("gen_ai.agent.name", "Tracy")
          .containsEntry("gen_ai.conversation.id", run.run().path("thread_id").asText())
          .containsEntry("threadmill.run.id", run.run().path("id").asText())
          .containsEntry("threadmill.run.status", "completed")
          .containsEntry(
              "gen_ai.usage.input_tokens", run.run().at("/usage/prompt_tokens").asText());
      assertThat(chats)
          .allSatisfy(
              chat -> {
                assertThat(chat.parent()).isEqualTo(agent.id());
                assertThat(chat.kind()).isEqualTo(3);
                assertThat(chat.attributes())
                    .containsEntry("gen_ai.operation.name", "chat")
                    .containsEntry("gen_ai.provider.name", "openai")
                    .containsEntry("gen_ai.request.model", "gpt-4o")
                    .containsEntry("gen_ai.response.id", "chatcmpl-fake")
                    .containsKeys(
                        "gen_ai.response.model",
                        "gen_ai.usage.input_tokens",
                        "gen_ai.usage.output_tokens",
                        "gen_ai.response.time_to_first_chunk",
                        "gen_ai.conversation.id");
              })
          .extracting(chat -> chat.attributes().get("gen_ai.response.finish_reasons"))
          .containsExactlyInAnyOrder("[tool_calls]", "[stop]");
      assertThat(tool.parent()).isEqualTo(agent.id());
      assertThat(tool.attributes())
          .containsEntry("gen_ai.tool.name", "open_case")
          .containsEntry("gen_ai.tool.type", "extension")
          .containsEntry("gen_ai.tool.call.id", run.calls().getFirst().path("id").asText());
      assertThat(receiver.calls().getFirst().header("traceparent"))
          .isEqualTo("00-%s-%s-01".formatted(trace, tool.id()));
      assertThat(provider.requests().stream().map(sent -> sent.headers().get("traceparent")))
          .containsExactlyInAnyOrderElementsOf(
              chats.stream().map(chat -> "00-%s-%s-01".formatted(trace, chat.id())).toList());
    }
  }

  @Test
  void contentIsCapturedWhenAskedForButNeverOfAStrictAssistant() {
    // Given
    var open = runs.assistant("gpt-4o", "\"name\": \"Open\",");
    var strict = runs.assistant("gpt-4o", "\"name\": \"Strict\",");
    // Its version is raised, so the change is seen.
    jdbc.update(
        """
        UPDATE assistants SET privacy = '{"mode": "strict"}', version = version + 1 WHERE id = ?
        """,
        strict);
    provider.otherwise(_ -> Reply.text("The answer is blue."));

    // When
    runs.run(open, "What is the answer?");
    var first = span("chat gpt-4o");
    runs.run(strict, "What is the secret?");

    // Then
    assertThat(first.attributes().get("gen_ai.input.messages")).contains("What is the answer?");
    assertThat(first.attributes().get("gen_ai.output.messages")).contains("The answer is blue.");
    spans("chat gpt-4o", 2);
    span("invoke_agent Strict");
    assertThat(collector.ofTrace(trace).toString()).doesNotContain("What is the secret?");
  }

  @Test
  void anotherNodeContinuesTheTraceOfARunThatItTakesOver() throws Exception {
    // Given
    var gate = new ReplyGate();
    var assistant = runs.assistant("gpt-4o", "\"name\": \"Nomad\",");
    provider.reply(Reply.text("Never arrives.").withGate(gate), Reply.text("Hello."));
    var run = runs.start(assistant, "Hello");
    await().atMost(PATIENCE).until(() -> !provider.requests().isEmpty());

    // When
    jdbc.update("UPDATE runs SET owner = 'node_gone' WHERE id = ?", run.path("id").asText());
    maintenance.runOnce();
    var stopped = runs.stopped(run);
    gate.open();

    // Then
    assertThat(stopped.status()).isEqualTo("completed");
    var agents = spans("invoke_agent Nomad", 2);
    var request = span("POST /v1/threads/runs");
    assertThat(agents)
        .allSatisfy(agent -> assertThat(agent.parent()).isEqualTo(request.id()))
        .extracting(agent -> agent.attributes().get("threadmill.run.attempt"))
        .containsExactlyInAnyOrder("1", "2");
  }

  @Test
  void theRunOfASubmittedOutputStaysInTheTraceOfItsCreation() {
    // Given
    var assistant =
        runs.assistant(
            "gpt-4o",
            "\"name\": \"Asker\",",
            """
            {"type": "function", "function": {"name": "ask", "parameters": {"type": "object"}}}""");
    provider.reply(Reply.call("ask", "{}"), Reply.text("Thanks."));
    var waiting = runs.run(assistant, "Ask me");

    // When
    var others = new ToolRuns(ApiClient.user());
    others.submit(waiting, "Yes.");

    // Then
    assertThat(spans("invoke_agent Asker", 2)).hasSize(2);
  }

  @Test
  void requestsToMcpServersChatsAndEmbeddingsAreSpansAndACallCarriesItsContext() {
    try (var server = new ScriptedMcpServer()) {
      // Given
      var assistant =
          runs.assistant(
              "gpt-4o",
              "\"name\": \"Echo\",",
              """
              {"type": "mcp", "mcp": {"server_label": "echo", "server_url": "%s",
                "require_approval": "never"}}"""
                  .formatted(server.url()));
      provider.reply(Reply.call("echo_echo", "{}"), Reply.text("Done."));

      // When
      runs.run(assistant, "Echo");
      provider.reply(Reply.text("Hello."));
      api.post(
          "/v1/chat/completions",
          """
          {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}""");
      api.post("/v1/embeddings", "{\"model\": \"all-minilm-l6-v2\", \"input\": \"a text\"}");

      // Then
      assertThat(span("chat gpt-4o-mini").parent())
          .isEqualTo(span("POST /v1/chat/completions").id());
      assertThat(span("embeddings all-minilm-l6-v2").attributes())
          .containsEntry("gen_ai.operation.name", "embeddings")
          .containsEntry("gen_ai.provider.name", "threadmill");
      var call = span("tools/call echo");
      assertThat(call.kind()).isEqualTo(3);
      assertThat(call.attributes()).containsEntry("mcp.method.name", "tools/call");
      List<JsonNode> sent = server.got("tools/call");
      assertThat(sent.getFirst().at("/params/_meta/traceparent").asText())
          .isEqualTo("00-%s-%s-01".formatted(trace, call.id()));
    }
  }

  private Span span(String name) {
    return spans(name, 1).getFirst();
  }

  /** The spans of the trace of this test with a name, once there are so many. */
  private List<Span> spans(String name, int count) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(collector.ofTrace(trace))
                    .extracting(Span::name)
                    .filteredOn(name::equals)
                    .hasSizeGreaterThanOrEqualTo(count));
    return collector.ofTrace(trace).stream().filter(span -> span.name().equals(name)).toList();
  }
}
