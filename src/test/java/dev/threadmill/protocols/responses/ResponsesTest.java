package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.ScriptedMcpServer;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses are runs: whole, streamed, replayed, continued and deleted. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponsesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TOOL =
      "\"tools\": [{\"type\": \"function\", \"name\": \"ask\", \"parameters\": {\"type\": \"object\","
          + " \"properties\": {}}}]";

  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  private final String model = "resp-" + UUID.randomUUID();
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @AfterEach
  void letEverythingGo() {
    gate.open();
  }

  private String body(String fields) {
    return "{\"model\": \"%s\", %s}".formatted(model, fields);
  }

  private JsonNode create(String fields) {
    var response = user.post("/v1/responses", body(fields));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private List<SseStream.Frame> stream(String fields) {
    try (var stream = user.stream("/v1/responses", body(fields + ", \"stream\": true"))) {
      return stream.rest();
    }
  }

  private static String text(JsonNode response) {
    var text = new StringBuilder();
    response
        .path("output")
        .forEach(
            item -> item.path("content").forEach(part -> text.append(part.path("text").asText())));
    return text.toString();
  }

  private static List<String> types(JsonNode response) {
    var types = new ArrayList<String>();
    response.path("output").forEach(item -> types.add(item.path("type").asText()));
    return types;
  }

  private JsonNode messagesOfLastRequest() {
    return provider.lastRequest().body().path("messages");
  }

  @Test
  void aWholeResponseHasEveryKeyAndIsReadBackTheSame() {
    provider.replyTo(model, Reply.text("Hello."));

    var response =
        create("\"input\": \"Hi\", \"instructions\": \"Be brief.\", \"metadata\": {\"a\": \"b\"}");

    assertThat(response.path("status").asText()).isEqualTo("completed");
    assertThat(text(response)).isEqualTo("Hello.");
    for (var key :
        List.of(
            "completed_at",
            "error",
            "incomplete_details",
            "max_output_tokens",
            "max_tool_calls",
            "previous_response_id",
            "conversation",
            "user",
            "safety_identifier",
            "prompt_cache_key",
            "usage",
            "reasoning",
            "text",
            "tools",
            "truncation")) {
      assertThat(response.has(key)).as(key).isTrue();
    }
    assertThat(response.at("/usage/input_tokens_details/cached_tokens").isInt()).isTrue();
    assertThat(response.at("/usage/output_tokens_details/reasoning_tokens").isInt()).isTrue();
    assertThat(user.get("/v1/responses/" + response.path("id").asText()).json())
        .isEqualTo(response);
    var items = user.get("/v1/responses/" + response.path("id").asText() + "/input_items").json();
    assertThat(items.at("/data/0/content/0/text").asText()).isEqualTo("Hi");
    assertThat(messagesOfLastRequest().at("/0/content").asText()).isEqualTo("Be brief.");
  }

  @Test
  void aStreamHasTheEventsInTheirOrderAndIsReplayedByteForByte() {
    provider.replyTo(model, Reply.text("Hello there."));

    var frames = stream("\"input\": \"Hi\"");

    assertThat(SseStream.names(frames))
        .containsExactly(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed");
    for (int i = 0; i < frames.size(); i++) {
      assertThat(frames.get(i).json().path("sequence_number").asInt()).isEqualTo(i);
      assertThat(frames.get(i).json().path("type").asText()).isEqualTo(frames.get(i).event());
    }
    var last = frames.getLast().json().path("response");
    var path = "/v1/responses/" + last.path("id").asText();
    assertThat(user.get(path).json()).isEqualTo(last);
    try (var replay = user.events(path + "?stream=true")) {
      assertThat(replay.rest()).isEqualTo(frames);
    }
    try (var replay = user.events(path + "?stream=true&starting_after=3")) {
      assertThat(replay.rest()).isEqualTo(frames.subList(4, frames.size()));
    }
  }

  @Test
  void aStreamedRequestThatIsRepeatedWithItsKeyGetsTheSameEvents() {
    provider.replyTo(model, Reply.text("Once."), Reply.text("Twice."));
    var key = UUID.randomUUID().toString();
    var keyed = user.with("Idempotency-Key", key);
    var body = body("\"input\": \"Hi\", \"stream\": true");

    List<SseStream.Frame> first;
    try (var stream = keyed.stream("/v1/responses", body)) {
      first = stream.rest();
    }

    try (var again = keyed.stream("/v1/responses", body)) {
      assertThat(again.rest()).isEqualTo(first);
    }
    assertThat(provider.requests()).hasSize(1);
  }

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
  void twoResponsesMayContinueTheSameOneAndDoNotSeeEachOther() {
    provider.replyTo(model, Reply.text("One."), Reply.text("Two."), Reply.text("Three."));
    var first = create("\"input\": \"first\"");
    var chain = "\"previous_response_id\": \"%s\"".formatted(first.path("id").asText());

    create(chain + ", \"input\": \"left\"");
    create(chain + ", \"input\": \"right\"");

    assertThat(messagesOfLastRequest().toString())
        .contains("first", "One.", "right")
        .doesNotContain("left", "Two.");
  }

  @Test
  void aBranchBehindAFunctionCallHasTheCallWithItsOwnOutput() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("A."), Reply.text("B."));
    var first = create("\"input\": \"Go\", " + TOOL);
    var call = first.at("/output/0/call_id").asText();
    var next =
        """
        "previous_response_id": "%s", "input": [{"type": "function_call_output",
          "call_id": "%s", "output": "%s"}]""";

    create(next.formatted(first.path("id").asText(), call, "left"));
    create(next.formatted(first.path("id").asText(), call, "right"));

    assertThat(messagesOfLastRequest().toString()).contains("right").doesNotContain("left");
  }

  @Test
  void aResponseThatIsNotStoredLeavesNothing() {
    provider.replyTo(model, Reply.text("Gone."), Reply.text("Gone too."));
    var before = user.get("/v1/threads?limit=100").json().path("data").size();

    var response = create("\"input\": \"Hi\", \"store\": false");
    var frames = stream("\"input\": \"Hi\", \"store\": false");

    assertThat(response.path("store").asBoolean()).isFalse();
    for (var id :
        List.of(
            response.path("id").asText(), frames.getLast().json().at("/response/id").asText())) {
      assertThat(user.get("/v1/responses/" + id).status()).isEqualTo(404);
      var continued =
          user.post(
              "/v1/responses", body("\"input\": \"x\", \"previous_response_id\": \"" + id + "\""));
      assertThat(continued.status()).isEqualTo(400);
      assertThat(continued.error().path("code").asText()).isEqualTo("previous_response_not_found");
    }
    assertThat(user.get("/v1/threads?limit=100").json().path("data")).hasSize(before);
  }

  @Test
  void aHistoryOfCallsIsSentAsTheClientGivesIt() {
    provider.replyTo(model, Reply.text("Done."));

    create(
        """
        "store": false, "input": [
          {"role": "system", "content": "Speak Dutch."},
          {"role": "user", "content": "Go"},
          {"type": "function_call", "id": "fc_1", "call_id": "toolu_1", "name": "ask", "arguments": "{}"},
          {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "ask", "arguments": "{}"},
          {"type": "function_call_output", "call_id": "toolu_1", "output": "one"},
          {"type": "function_call_output", "call_id": "call_2", "output": "two"},
          {"role": "user", "content": "And?"}], """
            + TOOL);

    var messages = messagesOfLastRequest();
    var roles = new ArrayList<String>();
    messages.forEach(message -> roles.add(message.path("role").asText()));
    assertThat(roles).containsExactly("system", "user", "assistant", "tool", "tool", "user");
    assertThat(messages.at("/0/content").asText()).isEqualTo("Speak Dutch.");
    assertThat(messages.at("/2/tool_calls")).hasSize(2);
  }

  @Test
  void aConversationTakesInputAndOutputAndIsContinuedByTheAssistantsApi() {
    provider.replyTo(model, Reply.text("First."), Reply.text("Second."));
    var conversation = user.post("/v1/conversations", "{}").id();

    var response = create("\"conversation\": \"%s\", \"input\": \"one\"".formatted(conversation));

    assertThat(response.at("/conversation/id").asText()).isEqualTo(conversation);
    var thread = conversation.replace("conv_", "thread_");
    var messages = user.get("/v1/threads/" + thread + "/messages?order=asc").json().path("data");
    assertThat(messages.findValuesAsText("value")).containsExactly("one", "First.");
    var assistant = user.post("/v1/assistants", "{\"model\": \"%s\"}".formatted(model)).id();
    var run =
        user.post(
            "/v1/threads/" + thread + "/runs", "{\"assistant_id\": \"%s\"}".formatted(assistant));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                user.get("/v1/threads/" + thread + "/runs/" + run.id())
                    .json()
                    .path("status")
                    .asText()
                    .equals("completed"));
    assertThat(
            user.get("/v1/conversations/" + conversation + "/items?order=asc")
                .json()
                .findValuesAsText("text"))
        .containsExactly("one", "First.", "Second.");
  }

  @Test
  void aRunThatWaitsIsAnOpenCallOfTheConversationAndTheNextResponseAnswersIt() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("Thanks."));
    var started = Conversation.of(user, model, "Go", "ask");
    var waiting = started.until(started.run(), "requires_action");
    var call = Conversation.calls(waiting).getFirst();
    var conversation = started.thread().replace("thread_", "conv_");

    var refused =
        user.post(
            "/v1/responses",
            body("\"conversation\": \"%s\", \"input\": \"And?\"".formatted(conversation)));
    assertThat(refused.error().path("message").asText())
        .isEqualTo("No tool output found for function call %s.".formatted(call));

    var response =
        create(
            """
            "conversation": {"id": "%s"}, "input": [{"type": "function_call_output",
              "call_id": "%s", "output": "42"}]"""
                .formatted(conversation, call));

    assertThat(text(response)).isEqualTo("Thanks.");
    assertThat(started.until(waiting, "completed").path("status").asText()).isEqualTo("completed");
  }

  @Test
  void aConversationIsLockedWhileARunIsActiveOnIt() {
    provider.replyTo(model, Reply.text("Slow.").withGate(gate), Reply.text("Next."));
    var conversation = user.post("/v1/conversations", "{}").id();
    var first =
        create(
            "\"background\": true, \"conversation\": \"%s\", \"input\": \"one\""
                .formatted(conversation));

    var second =
        user.post(
            "/v1/responses",
            body("\"conversation\": \"%s\", \"input\": \"two\"".formatted(conversation)));

    assertThat(second.status()).isEqualTo(400);
    assertThat(second.error().path("code").asText()).isEqualTo("conversation_locked");
    assertThat(second.error().path("param").asText()).isEqualTo("conversation");
    gate.open();
    until(first, "completed");
  }

  private JsonNode until(JsonNode response, String status) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> user.get("/v1/responses/" + response.path("id").asText()).json(),
            now -> now.path("status").asText().equals(status));
  }

  @Test
  void aResponseInTheBackgroundIsQueuedThenFoundAndMayBeCancelled() {
    provider.replyTo(model, Reply.text("Slow.").withGate(gate));
    var response = create("\"background\": true, \"input\": \"Hi\"");
    assertThat(response.path("status").asText()).isIn("queued", "in_progress");
    assertThat(response.path("usage").isNull()).isTrue();
    var path = "/v1/responses/" + response.path("id").asText();

    var cancelled = user.post(path + "/cancel", null);

    assertThat(cancelled.json().path("status").asText()).isEqualTo("cancelled");
    until(response, "cancelled");
    assertThat(user.post(path + "/cancel", null).json().path("status").asText())
        .isEqualTo("cancelled");
    try (var replay = user.events(path + "?stream=true")) {
      assertThat(SseStream.names(replay.rest()))
          .doesNotContain("response.completed", "response.failed", "response.incomplete");
    }
  }

  @Test
  void aDeletedResponseIsGoneAndOneInTheForegroundIsNotCancelled() {
    provider.replyTo(model, Reply.text("x"));
    var response = create("\"input\": \"Hi\"");
    var path = "/v1/responses/" + response.path("id").asText();

    assertThat(user.post(path + "/cancel", null).status()).isEqualTo(400);
    var deleted = user.delete(path).json();

    assertThat(deleted.path("object").asText()).isEqualTo("response");
    assertThat(deleted.path("deleted").asBoolean()).isTrue();
    assertThat(user.get(path).status()).isEqualTo(404);
    assertThat(user.get(path).error().path("message").asText()).contains("Response with id '");
    assertThat(user.delete(path).status()).isEqualTo(404);
  }

  @Test
  void reasoningIsSealedForTheProjectAndComesBack() {
    provider.replyTo(
        model, Reply.call("ask", "{}").withReasoning("I should ask."), Reply.text("It is 4."));
    var first =
        create(
            "\"store\": false, \"include\": [\"reasoning.encrypted_content\"],"
                + " \"reasoning\": {\"summary\": \"auto\"}, \"input\": \"Go\", "
                + TOOL);
    assertThat(types(first)).containsExactly("reasoning", "function_call");
    assertThat(first.at("/output/0/summary/0/text").asText()).isEqualTo("I should ask.");
    var sealed = first.at("/output/0/encrypted_content").asText();
    assertThat(sealed).startsWith("v1.").doesNotContain("ask");

    var input = JSON.createArrayNode();
    input.addObject().put("role", "user").put("content", "Go");
    first.path("output").forEach(input::add);
    input
        .addObject()
        .put("type", "function_call_output")
        .put("call_id", first.at("/output/1/call_id").asText())
        .put("output", "four");
    var second = create("\"store\": false, \"input\": " + input + ", " + TOOL);
    assertThat(text(second)).isEqualTo("It is 4.");

    var stranger =
        ApiClient.stranger()
            .post("/v1/responses", body("\"store\": false, \"input\": " + input + ", " + TOOL));
    assertThat(stranger.status()).isEqualTo(400);
    assertThat(stranger.error().path("param").asText()).isEqualTo("input[1].encrypted_content");
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
          {"type": "web_search"}, {"type": "image_generation"}]""";

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
            body("\"input\": \"Go\", \"tool_choice\": {\"type\": \"web_search\"}, " + tools));
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
      assertThat(types(response)).containsExactly("mcp_call", "message");
      assertThat(response.at("/output/0/server_label").asText()).isEqualTo("slow");
      assertThat(response.at("/output/0/name").asText()).isEqualTo("echo");
      assertThat(response.at("/output/0/output").asText()).isEqualTo("you said hello");
      assertThat(response.toString()).doesNotContain("hidden");
      assertThat(SseStream.names(frames))
          .containsSubsequence(
              "response.mcp_call.in_progress",
              "response.mcp_call_arguments.done",
              "response.mcp_call.completed",
              "response.output_item.done",
              "response.output_text.delta");
    }
  }

  @Test
  void aCallThatNeedsAnApprovalIsMadeByTheNextResponse() {
    try (var server = new ScriptedMcpServer()) {
      provider.replyTo(
          model, Reply.call("slow_echo", "{\"text\": \"hello\"}"), Reply.text("Done."));
      var tools = mcp(server.url(), "always");
      var first = create("\"input\": \"Go\", " + tools);
      assertThat(types(first)).containsExactly("mcp_approval_request");
      assertThat(server.got("tools/call")).isEmpty();

      var frames =
          stream(
              """
              "previous_response_id": "%s", "input": [{"type": "mcp_approval_response",
                "approval_request_id": "%s", "approve": true}], %s"""
                  .formatted(first.path("id").asText(), first.at("/output/0/id").asText(), tools));

      var second = frames.getLast().json().path("response");
      assertThat(types(second)).containsExactly("mcp_call", "message");
      assertThat(second.at("/output/0/output").asText()).isEqualTo("you said hello");
      assertThat(second.at("/output/0/approval_request_id").asText())
          .isEqualTo(first.at("/output/0/id").asText());
      var path = "/v1/responses/" + second.path("id").asText();
      assertThat(types(user.get(path).json())).containsExactly("mcp_call", "message");
      try (var replay = user.events(path + "?stream=true")) {
        assertThat(replay.rest()).isEqualTo(frames);
      }
      assertThat(types(user.get("/v1/responses/" + first.path("id").asText()).json()))
          .containsExactly("mcp_approval_request");
    }
  }

  @Test
  void formatsLimitsAndChoicesReachTheModel() {
    provider.replyTo(model, Reply.text("{}"));

    create(
        """
        "input": "Go", "max_output_tokens": 50, "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "n", "strict": true,
          "schema": {"type": "object", "properties": {}}}},
        "tool_choice": {"type": "allowed_tools", "mode": "auto",
          "tools": [{"type": "function", "name": "ask"}]},
        "tools": [{"type": "function", "name": "ask"}, {"type": "function", "name": "other"}],
        "client_metadata": {"unknown": true}""");

    var sent = provider.lastRequest().body();
    assertThat(sent.at("/response_format/json_schema/name").asText()).isEqualTo("n");
    assertThat(sent.path("temperature").asDouble()).isEqualTo(0.5);
    assertThat(sent.path("tools")).hasSize(1);
  }

  @Test
  void aPromptNamesAnAssistantAndFillsInItsVariables() {
    provider.replyTo(model, Reply.text("Hi."));
    var assistant =
        user.post(
                "/v1/assistants",
                "{\"model\": \"%s\", \"instructions\": \"Greet {{name}}.\"}".formatted(model))
            .id();

    var response =
        user.post(
            "/v1/responses",
            """
            {"prompt": {"id": "%s", "variables": {"name": "Ada"}}, "input": "Go"}"""
                .formatted(assistant));

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(response.json().path("model").asText()).isEqualTo(model);
    assertThat(messagesOfLastRequest().at("/0/content").asText()).isEqualTo("Greet Ada.");
  }

  @Test
  void aFailedModelFailsTheResponse() {
    provider.otherwise(_ -> Reply.error(400, "bad_request", "No."));

    var frames = stream("\"input\": \"Hi\"");

    assertThat(frames.getLast().event()).isEqualTo("response.failed");
    assertThat(frames.getLast().json().at("/response/error/code").asText()).isNotEmpty();
    assertThat(frames.getLast().json().has("error")).isFalse();
  }

  @Test
  void wrongRequestsAreRefusedByTheField() {
    var cases =
        List.of(
            "{\"input\": \"x\"} model",
            body("\"input\": 17") + " input",
            body("\"input\": \"x\", \"max_output_tokens\": 1") + " max_output_tokens",
            body("\"input\": \"x\", \"temperature\": 3") + " temperature",
            body("\"input\": \"x\", \"include\": [\"y\"]") + " include",
            body("\"input\": \"x\", \"background\": true, \"store\": false") + " background",
            body("\"input\": \"x\", \"tools\": [{}]") + " tools[0].type",
            body("\"input\": \"x\", \"tools\": [{\"type\": \"function\"}]") + " tools[0].name",
            body(
                    "\"input\": \"x\", \"tools\": [{\"type\": \"code_interpreter\","
                        + " \"container\": {\"type\": \"auto\", \"file_ids\": [\"file-none\"]}}]")
                + " tools[0].container.file_ids",
            body("\"input\": \"x\", \"text\": {\"format\": {\"type\": \"z\"}}")
                + " text.format.type",
            body("\"input\": \"x\", \"reasoning\": {\"effort\": \"z\"}") + " reasoning.effort",
            body("\"input\": [{\"type\": \"item_reference\", \"id\": \"msg_1\"}]") + " input[0].id",
            body(
                    "\"input\": \"x\", \"conversation\": \"conv_x\", \"previous_response_id\": \"resp_x\"")
                + " previous_response_id");

    for (var each : cases) {
      int space = each.lastIndexOf(' ');
      var refused = user.post("/v1/responses", each.substring(0, space));
      assertThat(refused.status()).as(each + refused.text()).isEqualTo(400);
      assertThat(refused.error().path("param").asText())
          .as(each)
          .isEqualTo(each.substring(space + 1));
    }
  }
}
