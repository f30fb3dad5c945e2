package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ScriptedMcpServer;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tools of responses: functions of the client, tools of MCP servers, approvals. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponseToolsTest extends ResponsesFixture {
  @Test
  void aFunctionCallEndsTheResponseAndItsOutputBeginsTheNext() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("It is 4."));
    var first = create("\"input\": \"Go\", " + TOOL);

    assertThat(first.path("status").asText()).isEqualTo("completed");
    assertThat(types(first)).containsExactly("function_call");
    var call = first.at("/output/0/call_id").asText();
    var previous = first.path("id").asText();
    var missing =
        user.post(
            "/v1/responses",
            body("\"input\": \"And?\", \"previous_response_id\": \"" + previous + "\""));
    assertThat(missing.status()).isEqualTo(400);
    assertThat(missing.error().path("message").asText())
        .isEqualTo("No tool output found for function call %s.".formatted(call));

    var second =
        create(
            """
            "previous_response_id": "%s", "input": [{"type": "function_call_output",
              "call_id": "%s", "output": "four"}], %s"""
                .formatted(previous, call, TOOL));

    assertThat(text(second)).isEqualTo("It is 4.");
    assertThat(second.path("previous_response_id").asText()).isEqualTo(previous);
    assertThat(messagesOfLastRequest().at("/2/content").asText()).isEqualTo("four");
    assertThat(user.get("/v1/responses/" + previous).json()).isEqualTo(first);
  }

  @Test
  void customAndNamespacedToolsAreCalledByTheNamesOfTheClient() {
    provider.replyTo(
        model, Reply.call("shell", "{\"input\": \"ls -l\"}"), Reply.call("git__log", "{}"));
    var tools =
        """
        "tools": [{"type": "custom", "name": "shell"},
          {"type": "namespace", "name": "git", "description": "d",
            "tools": [{"type": "function", "name": "log", "parameters": {"type": "object", "properties": {}}}]},
          {"type": "image_generation"}]""";

    var custom = create("\"input\": \"Go\", " + tools);
    var namespaced = create("\"input\": \"Go\", " + tools);

    assertThat(types(custom)).containsExactly("custom_tool_call");
    assertThat(custom.at("/output/0/input").asText()).isEqualTo("ls -l");
    assertThat(namespaced.at("/output/0/name").asText()).isEqualTo("log");
    assertThat(namespaced.at("/output/0/namespace").asText()).isEqualTo("git");
    assertThat(custom.path("tools")).hasSize(2);
    var forced =
        user.post(
            "/v1/responses",
            body("\"input\": \"Go\", \"tool_choice\": {\"type\": \"image_generation\"}, " + tools));
    assertThat(forced.status()).isEqualTo(400);
    assertThat(forced.error().path("param").asText()).isEqualTo("tool_choice.type");
  }

  private String mcp(String url, String approval) {
    return """
    "tools": [{"type": "mcp", "server_label": "slow", "server_url": "%s",
      "headers": {"X-Secret": "hidden"}, "require_approval": "%s"}]"""
        .formatted(url, approval);
  }

  @Test
  void aToolOfAnMcpServerIsCalledWithinTheResponse() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(
          model, Reply.call("slow_echo", "{\"text\": \"hello\"}"), Reply.text("Done."));

      var frames = stream("\"input\": \"Go\", " + mcp(server.url(), "never"));

      var response = frames.getLast().json().path("response");
      assertThat(types(response)).containsExactly("mcp_list_tools", "mcp_call", "message");
      assertThat(response.at("/output/0/tools").findValuesAsText("name")).contains("echo");
      assertThat(response.at("/output/1/server_label").asText()).isEqualTo("slow");
      assertThat(response.at("/output/1/name").asText()).isEqualTo("echo");
      assertThat(response.at("/output/1/output").asText()).isEqualTo("you said hello");
      assertThat(response.toString()).doesNotContain("hidden");
      assertThat(SseStream.names(frames))
          .containsSubsequence(
              "response.mcp_list_tools.in_progress",
              "response.mcp_list_tools.completed",
              "response.output_item.done",
              "response.mcp_call.in_progress",
              "response.mcp_call_arguments.done",
              "response.mcp_call.completed",
              "response.output_item.done",
              "response.output_text.delta");
    }
  }

  @Test
  void aServerThatTheAssistantMayNotReachIsNotAskedForItsTools() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(model, Reply.text("Done."));
      var assistant =
          user.post(
                  "/v1/assistants",
                  "{\"model\": \"%s\", \"safety\": {\"allowed_domains\": [\"other.example\"]}}"
                      .formatted(model))
              .id();

      var response =
          create(
              "\"prompt\": {\"id\": \"%s\"}, \"input\": \"Go\", %s"
                  .formatted(assistant, mcp(server.url(), "never")));

      assertThat(types(response)).containsExactly("mcp_list_tools", "message");
      assertThat(response.at("/output/0/tools")).isEmpty();
      assertThat(response.at("/output/0/error").asText()).isNotEmpty();
      assertThat(server.got("initialize")).isEmpty();
    }
  }

  @Test
  void theToolsOfAServerAreListedOnceInAChainAndAFailedListSaysWhy() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(model, Reply.text("One."), Reply.text("Two."), Reply.text("Three."));
      var tools = mcp(server.url(), "never");
      var first = create("\"input\": \"one\", " + tools);

      var second =
          create(
              "\"input\": \"two\", \"previous_response_id\": \"%s\", %s"
                  .formatted(first.path("id").asText(), tools));
      var failed = create("\"input\": \"three\", " + mcp("http://127.0.0.1:1/mcp", "never"));

      assertThat(types(first)).containsExactly("mcp_list_tools", "message");
      assertThat(types(second)).containsExactly("message");
      assertThat(failed.at("/output/0/error").asText()).isNotEmpty();
      assertThat(failed.at("/output/0/tools")).isEmpty();
    }
  }

  @Test
  void aCallThatNeedsAnApprovalIsMadeByTheNextResponse() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(
          model,
          Reply.call("slow_echo", "{\"text\": \"hello\"}"),
          Reply.text("Done."),
          Reply.text("More."));
      var tools = mcp(server.url(), "always");
      var first = create("\"input\": \"Go\", " + tools);
      assertThat(types(first)).containsExactly("mcp_list_tools", "mcp_approval_request");
      assertThat(server.got("tools/call")).isEmpty();

      var frames =
          stream(
              """
              "previous_response_id": "%s", "input": [{"type": "mcp_approval_response",
                "approval_request_id": "%s", "approve": true}], %s"""
                  .formatted(first.path("id").asText(), first.at("/output/1/id").asText(), tools));

      var second = frames.getLast().json().path("response");
      assertThat(types(second)).containsExactly("mcp_call", "message");
      assertThat(second.at("/output/0/output").asText()).isEqualTo("you said hello");
      assertThat(SseStream.names(frames).subList(2, 5))
          .as("the call is shown while it is made")
          .containsExactly(
              "response.output_item.added",
              "response.mcp_call.in_progress",
              "response.mcp_call_arguments.delta");
      assertThat(second.at("/output/0/approval_request_id").asText())
          .isEqualTo(first.at("/output/1/id").asText());
      var path = "/v1/responses/" + second.path("id").asText();
      assertThat(types(user.get(path).json())).containsExactly("mcp_call", "message");
      try (var replay = user.events(path + "?stream=true")) {
        assertThat(replay.rest()).isEqualTo(frames);
      }
      assertThat(types(user.get("/v1/responses/" + first.path("id").asText()).json()))
          .containsExactly("mcp_list_tools", "mcp_approval_request");
      var third =
          create(
              "\"input\": \"more\", \"previous_response_id\": \"%s\", %s"
                  .formatted(second.path("id").asText(), tools));
      assertThat(types(third)).as("the tools were listed before").containsExactly("message");
    }
  }

  @Test
  void aCallThatIsDeniedIsNotMadeAndTheModelIsToldWhy() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(model, Reply.call("slow_echo", "{\"text\": \"x\"}"), Reply.text("Well."));
      var tools = mcp(server.url(), "always");
      var first = create("\"input\": \"Go\", " + tools);

      var second =
          create(
              """
              "previous_response_id": "%s", "input": [{"type": "mcp_approval_response",
                "approval_request_id": "%s", "approve": false, "reason": "not now"}], %s"""
                  .formatted(first.path("id").asText(), first.at("/output/1/id").asText(), tools));

      assertThat(types(second)).containsExactly("message");
      assertThat(server.got("tools/call")).isEmpty();
      assertThat(messagesOfLastRequest().toString()).contains("not approved", "not now");
      var path = "/v1/responses/";
      assertThat(types(user.get(path + second.path("id").asText()).json()))
          .containsExactly("message");
      assertThat(types(user.get(path + first.path("id").asText()).json()))
          .containsExactly("mcp_list_tools", "mcp_approval_request");
    }
  }

  @Test
  void anApprovalInAWholeHistoryContinuesTheRunThatAsked() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(
          model, Reply.call("slow_echo", "{\"text\": \"hello\"}"), Reply.text("Done."));
      var tools = mcp(server.url(), "always");
      var asked = create("\"input\": \"Go\", " + tools);
      var decision =
          "{\"type\": \"mcp_approval_response\", \"approval_request_id\": \"%s\", \"approve\": true}"
              .formatted(asked.at("/output/1/id").asText());
      var history =
          "{\"role\": \"user\", \"content\": \"Go\"}, %s, %s"
              .formatted(asked.at("/output/1"), decision);

      var approved = create("\"input\": [%s], %s".formatted(history, tools));

      assertThat(types(approved)).containsExactly("mcp_call", "message");
      assertThat(approved.at("/output/0/output").asText()).isEqualTo("you said hello");
      assertThat(server.got("tools/call")).hasSize(1);
      var again =
          user.post(
              "/v1/responses",
              "{\"model\": \"%s\", \"input\": [%s], %s}".formatted(model, history, tools));
      assertThat(again.status()).isEqualTo(400);
      assertThat(again.error().path("message").asText()).contains("decided before");

      provider.replyTo(model, Reply.text("More."));
      var goesOn =
          create(
              "\"input\": [%s, %s, {\"role\": \"user\", \"content\": \"more\"}], %s"
                  .formatted(history, approved.at("/output/0"), tools));
      assertThat(types(goesOn)).contains("message").doesNotContain("mcp_call");
    }
  }
}
