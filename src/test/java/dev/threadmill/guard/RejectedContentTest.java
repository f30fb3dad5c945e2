package dev.threadmill.guard;

import static dev.threadmill.guard.MarkerFilter.FORBIDDEN;
import static dev.threadmill.guard.MarkerFilter.REASON;
import static dev.threadmill.guard.MarkerFilter.REPLACED;
import static dev.threadmill.guard.MarkerFilter.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A text that a filter rejects is neither stored nor passed on, whichever way it comes. {@link
 * MarkerFilter} is that filter.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class RejectedContentTest {
  private static final String BAD = "My %s word".formatted(FORBIDDEN);

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final RecordingServer receiver = RecordingServer.start();
  private final String model = "reject-" + UUID.randomUUID();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static void assertRefused(ApiClient.Response answer, String param) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("code").asText()).isEqualTo("content_filter");
    assertThat(answer.error().path("param").asText()).isEqualTo(param);
    assertThat(answer.error().path("message").asText()).contains(REASON).doesNotContain(FORBIDDEN);
  }

  @Test
  void messagesOfClientsAreA400() {
    assertRefused(
        api.post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "Good."}, {"role": "user", "content": "%s"}]}"""
                .formatted(BAD)),
        "messages[1].content[0]");
    var thread = api.post("/v1/threads", "{}").id();
    var path = "/v1/threads/" + thread + "/messages";
    assertRefused(
        api.post(path, "{\"role\": \"user\", \"content\": \"%s\"}".formatted(BAD)), "content[0]");
    assertThat(api.get(path).json().path("data")).isEmpty();
  }

  @Test
  void instructionsAreA400() {
    assertRefused(
        api.post(
            "/v1/assistants",
            "{\"model\": \"%s\", \"instructions\": \"%s\"}".formatted(model, BAD)),
        "instructions");
    var conversation = Conversation.of(api, model, "Go");
    assertRefused(
        conversation.run(conversation.body().put("additional_instructions", BAD)),
        "additional_instructions");
    assertThat(api.get(conversation.path() + "/runs").json().path("data")).isEmpty();
  }

  @Test
  void outputsOfClientsAreA400AndTheRunStillWaits() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(Reply.call("ask", "{}"), Reply.text("Yes."));
    var run = conversation.until(conversation.run(), "requires_action");
    var call = Conversation.calls(run).getFirst();
    var body = "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"%s\"}]}";

    assertRefused(
        api.post(conversation.path(run) + "/submit_tool_outputs", body.formatted(call, BAD)),
        "tool_outputs[0].output");

    assertThat(conversation.get(run).path("status").asText()).isEqualTo("requires_action");
    api.post(conversation.path(run) + "/submit_tool_outputs", body.formatted(call, "fine"));
    conversation.until(run, "completed");
  }

  @Test
  void callsAndOutputsInTheInputOfAResponseAreA400() {
    provider.replyTo(model, Reply.call("ask", "{}"));
    var tool =
        "\"tools\": [{\"type\": \"function\", \"name\": \"ask\", \"parameters\": {\"type\": \"object\"}}]";
    var first =
        api.post(
            "/v1/responses", "{\"model\": \"%s\", \"input\": \"Go\", %s}".formatted(model, tool));
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    var call = first.json().at("/output/0/call_id").asText();
    var output = "{\"type\": \"function_call_output\", \"call_id\": \"%s\", \"output\": \"%s\"}";

    assertRefused(
        api.post(
            "/v1/responses",
            "{\"model\": \"%s\", \"previous_response_id\": \"%s\", \"input\": [%s]}"
                .formatted(model, first.id(), output.formatted(call, BAD))),
        "input");
    assertRefused(
        api.post(
            "/v1/responses",
            """
            {"model": "%s", "input": [
              {"role": "user", "content": "Go"},
              {"type": "function_call", "call_id": "call_1", "name": "ask", "arguments": "{\\"q\\": \\"%s\\"}"},
              %s]}"""
                .formatted(model, BAD, output.formatted("call_1", "fine"))),
        "input");
    assertThat(provider.requests().stream().filter(request -> request.model().equals(model)))
        .hasSize(1);
  }

  @Test
  void memoryThatIsEditedByHandIsA400() {
    var thread = api.post("/v1/threads", "{}").id();
    assertRefused(
        api.post(
            "/v1/threads/" + thread + "/memory/summaries", "{\"text\": \"%s\"}".formatted(BAD)),
        "text");
  }

  @Test
  void anAnswerOfAModelEndsItsRunWhereItIsRejected() {
    var conversation = Conversation.of(api, model, "Go");
    provider.reply(Reply.text("It is good. %s And more.".formatted(BAD)));

    List<String> frames;
    String streamed;
    try (var stream = conversation.stream()) {
      var rest = stream.rest();
      frames = rest.stream().map(frame -> String.valueOf(frame.event())).toList();
      streamed =
          rest.stream()
              .filter(frame -> "thread.message.delta".equals(frame.event()))
              .map(frame -> frame.json().at("/delta/content/0/text/value").asText())
              .collect(Collectors.joining());
    }

    assertThat(streamed).isEqualTo("It is good. My ");
    assertThat(frames).contains("thread.message.incomplete", "thread.run.failed");
    var message = conversation.lastMessage();
    assertThat(Conversation.text(message)).isEqualTo("It is good. My ");
    assertThat(message.at("/incomplete_details/reason").asText()).isEqualTo("content_filter");
    var run = api.get(conversation.path() + "/runs").json().at("/data/0");
    assertThat(run.at("/last_error/message").asText()).contains("content_filter", REASON);
    assertThat(api.get(conversation.path(run) + "/events").text()).doesNotContain("forbidden");
  }

  @Test
  void argumentsOfAToolCallEndTheRun() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(Reply.call("ask", "{\"question\": \"%s\"}".formatted(BAD)));

    var run = conversation.until(conversation.run(), "failed");

    assertThat(run.at("/last_error/message").asText()).contains("content_filter", REASON);
    assertThat(conversation.steps(run).toString()).doesNotContain("forbidden");
  }

  @Test
  void outputsOfToolsAreWithheldFromTheModel() {
    receiver.on("/whole", RecordingServer.json(200, "{\"said\": \"%s\"}".formatted(BAD)));
    receiver.on(
        "/pieces",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/plain");
          exchange.sendResponseHeaders(200, 0);
          for (var piece : BAD.split("(?<=[ o])")) {
            exchange.getResponseBody().write(piece.getBytes("UTF-8"));
            exchange.getResponseBody().flush();
          }
          exchange.close();
        });
    provider.reply(
        Reply.calls(
            new Reply.Call("call_1", "whole", "{}"), new Reply.Call("call_2", "pieces", "{}")),
        Reply.text("Done."));

    var run =
        runs.run(runs.assistant(model, "", webhook("whole", ""), webhook("pieces", "")), "Go");

    assertThat(run.status()).isEqualTo("completed");
    assertThat(run.output(0)).contains("content_filter", REASON);
    assertThat(run.output(1)).contains("content_filter", REASON);
    assertThat(run.steps().toString()).doesNotContain("forbidden");
    assertThat(provider.lastRequest().body().toString())
        .contains("content_filter")
        .doesNotContain("forbidden");
  }

  private String webhook(String name, String description) {
    return """
    {"type": "webhook", "webhook": {"name": "%s", "description": "%s", "endpoint": "%s",
      "parameters": {"type": "object"}}}"""
        .formatted(name, description, receiver.url("/" + name));
  }

  @Test
  void aToolWithARejectedDescriptionIsNotOffered() {
    provider.reply(Reply.text("Done."));

    var run =
        runs.run(
            runs.assistant(model, "", webhook("bad", BAD), webhook("changed", "My " + SECRET)),
            "Go");

    var tools = provider.lastRequest().body().path("tools");
    assertThat(tools).hasSize(1);
    assertThat(tools.at("/0/function/description").asText()).isEqualTo("My " + REPLACED);
    assertThat(run.steps().getFirst().path("warnings").toString()).contains("bad", REASON);
  }

  @Test
  void aMessageToAnotherAssistantIsNotSent() {
    var target = "target-" + UUID.randomUUID();
    var advisor = runs.assistant(target, "\"name\": \"Advisor\",");
    var desk =
        runs.assistant(
            model,
            "",
            """
            {"type": "agent_routing", "agent_routing": {"targets": ["%s"], "mode": "delegate"}}"""
                .formatted(advisor));
    provider.replyTo(
        model, Reply.call("route_to_advisor", "{\"message\": \"%s\"}".formatted(escaped(BAD))));
    provider.otherwise(_ -> Reply.text("Done."));

    var run = runs.run(desk, "Ask");

    assertThat(run.calls().toString()).contains("content_filter", REASON);
    assertThat(provider.requests()).noneMatch(request -> request.model().equals(target));
  }

  /** With an escape of JSON, which the filter for arguments does not see through. */
  private static String escaped(String text) {
    return text.replace("⟦", "\\u27e6");
  }

  @Test
  void chatCompletionsAreFilteredInBothDirections() {
    var body =
        """
        {"model": "%s", "stream": %b, "messages": [{"role": "user", "content": "%s"}]}""";
    assertRefused(
        api.post("/v1/chat/completions", body.formatted(model, false, BAD)),
        "messages[0].content[0]");
    assertThat(provider.requests()).noneMatch(request -> request.model().equals(model));

    provider.reply(Reply.text("Yes, %s.".formatted(SECRET)), Reply.text("It is good. " + BAD));
    var changed = chat(body.formatted(model, false, "My " + SECRET));
    assertThat(changed.at("/choices/0/message/content").asText())
        .isEqualTo("Yes, %s.".formatted(REPLACED));
    assertThat(provider.lastRequest().body().toString())
        .contains("My " + REPLACED)
        .doesNotContain(SECRET);

    var rejected = chat(body.formatted(model, false, "Go"));
    assertThat(rejected.at("/choices/0/finish_reason").asText()).isEqualTo("content_filter");
    assertThat(rejected.at("/choices/0/message/content").asText()).isEqualTo("It is good. My ");
    assertThat(rejected.at("/choices/0/message/refusal").asText()).contains(REASON);
  }

  @Test
  void aStreamedChatCompletionEndsWhereItIsRejected() {
    provider.reply(Reply.text("It is good. " + BAD));

    var streamed =
        api.post(
                "/v1/chat/completions",
                """
                {"model": "%s", "stream": true, "messages": [{"role": "user", "content": "Go"}]}"""
                    .formatted(model))
            .text();

    var chunks =
        streamed
            .lines()
            .filter(line -> line.startsWith("data: {"))
            .map(line -> Json.tree(line.substring("data: ".length())))
            .toList();
    assertThat(
            chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/content").asText())
                .collect(Collectors.joining()))
        .isEqualTo("It is good. My ");
    assertThat(chunks.getLast().at("/choices/0/finish_reason").asText())
        .isEqualTo("content_filter");
    assertThat(streamed).contains(REASON).doesNotContain("forbidden").contains("[DONE]");
  }

  private JsonNode chat(String body) {
    var answer = api.post("/v1/chat/completions", body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }
}
