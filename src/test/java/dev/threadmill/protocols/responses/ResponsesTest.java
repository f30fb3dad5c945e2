package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.ProjectId;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses are runs: whole, streamed, replayed, continued and deleted. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponsesTest extends ResponsesFixture {
  @Inject ResponseLookup lookup;

  private static final ObjectMapper JSON = new ObjectMapper();

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
    try (var replay = user.events(path + "?stream=true&starting_after=" + (frames.size() - 1))) {
      assertThat(replay.rest()).isEmpty();
    }
    try (var replay = user.events(path + "?stream=true&starting_after=999")) {
      var told = replay.rest();
      assertThat(SseStream.names(told)).containsExactly("error");
      assertThat(told.getFirst().json().path("code").asText()).isEqualTo("events_lost");
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
  void aRequestThatIsRepeatedAfterACrashIsAnsweredWithTheWholeResponse() {
    provider.replyTo(model, Reply.text("Slow.").withGate(gate));
    try (var stream = user.stream("/v1/responses", body("\"input\": \"Hi\", \"stream\": true"))) {
      var id = stream.next().json().at("/response/id").asText();
      var found =
          CompletableFuture.supplyAsync(
              () -> lookup.find(new ProjectId("proj_default"), null, id).orElseThrow());
      assertThat(user.get("/v1/responses/" + id).json().path("status").asText())
          .isEqualTo("in_progress");
      gate.open();

      var response = (JsonNode) found.join();

      assertThat(response.path("status").asText()).isEqualTo("completed");
      assertThat(text(response)).isEqualTo("Slow.");
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
  void aFileIsDownloadedOnceAndItsTextReachesTheModel() {
    try (var server = RecordingServer.start()) {
      server.on(
          "/notes.txt",
          (exchange, _) ->
              RecordingServer.reply(exchange, 200, "text/plain", "The harbour opens at seven."));
      provider.replyTo(model, Reply.text("Seven."), Reply.text("Eight."), Reply.text("Nine."));
      var file =
          """
          "input": [{"role": "user", "content": [{"type": "input_file", "file_url": "%s"}]}]""";

      var first = create(file.formatted(server.url("/notes.txt")));
      assertThat(messagesOfLastRequest().toString()).contains("The harbour opens at seven.");
      var items = user.get("/v1/responses/" + first.path("id").asText() + "/input_items").json();
      var part = items.at("/data/0/content/0");
      assertThat(part.path("file_id").asText()).startsWith("file-");
      assertThat(part.path("filename").asText()).isEqualTo("notes.txt");
      assertThat(part.has("file_data")).isFalse();
      var chain = "\"previous_response_id\": \"%s\"".formatted(first.path("id").asText());
      create(chain + ", \"input\": \"left\"");
      create(chain + ", \"input\": \"right\"");

      assertThat(messagesOfLastRequest().toString()).contains("The harbour opens at seven.");
      assertThat(server.calls()).hasSize(1);
      var missing = user.post("/v1/responses", body(file.formatted(server.url("/none.txt"))));
      assertThat(missing.status()).isEqualTo(400);
      assertThat(missing.error().path("param").asText()).isEqualTo("input[0].content[0].file_url");
    }
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
            body("\"input\": \"x\", \"reasoning\": {\"context\": \"z\"}") + " reasoning.context",
            body("\"input\": \"x\", \"text\": {\"verbosity\": \"z\"}") + " text.verbosity",
            body("\"input\": \"x\", \"max_tool_calls\": 0") + " max_tool_calls",
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
