package dev.threadmill.guard;

import static dev.threadmill.guard.MarkerFilter.REPLACED;
import static dev.threadmill.guard.MarkerFilter.SECRET;
import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.arc.All;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A filter that is added to the server sees the text of every door. {@link MarkerFilter} is that
 * filter.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class ContentGateTest {
  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final RecordingServer receiver = RecordingServer.start();
  private final String model = "gate-" + UUID.randomUUID();

  FakeProvider provider;

  @Inject @All List<ContentFilter> filters;

  @Test
  void aFilterWithoutPriorityComesBeforeTheOneThatMakesTextStorable() {
    assertThat(filters).hasSizeGreaterThan(1);
    assertThat(filters.getLast()).isInstanceOf(StorableTextFilter.class);
  }

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static String said(String text) {
    return "My %s word".formatted(text);
  }

  private JsonNode post(String path, String body) {
    var answer = api.post(path, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static void assertFiltered(String text) {
    assertThat(text).contains(said(REPLACED)).doesNotContain(SECRET);
  }

  @Test
  void messagesOfClients() {
    var thread =
        post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "%s"}]}"""
                .formatted(said(SECRET)));
    var path = "/v1/threads/" + thread.path("id").asText();
    post(
        path + "/messages",
        """
        {"role": "user", "content": [{"type": "text", "text": "%s"}]}"""
            .formatted(said(SECRET)));

    api.get(path + "/messages")
        .json()
        .path("data")
        .forEach(message -> assertFiltered(Conversation.text(message)));
  }

  @Test
  void instructionsOfAssistantsAndRuns() {
    var assistant =
        post(
            "/v1/assistants",
            """
            {"model": "%s", "instructions": "%s"}"""
                .formatted(model, said(SECRET)));
    var path = "/v1/assistants/" + assistant.path("id").asText();
    assertFiltered(api.get(path).json().path("instructions").asText());
    post(path, "{\"instructions\": \"Second. %s\"}".formatted(said(SECRET)));
    assertFiltered(api.get(path).json().path("instructions").asText());

    var thread = post("/v1/threads", "{}").path("id").asText();
    provider.reply(Reply.text("Yes."));
    var run =
        post(
            "/v1/threads/" + thread + "/runs",
            """
            {"assistant_id": "%s", "instructions": "Third. %s",
             "additional_instructions": "Fourth. %s",
             "additional_messages": [{"role": "user", "content": "Fifth. %s"}]}"""
                .formatted(
                    assistant.path("id").asText(), said(SECRET), said(SECRET), said(SECRET)));
    runs.stopped(run);

    var prompt = provider.lastRequest().body().path("messages").toString();
    assertThat(prompt)
        .contains("Third. " + said(REPLACED))
        .contains("Fourth. " + said(REPLACED))
        .contains("Fifth. " + said(REPLACED))
        .doesNotContain(SECRET);
  }

  @Test
  void theStreamedAnswerOfAModel() {
    var conversation = Conversation.of(api, model, "Go");
    provider.reply(Reply.text("My ⟦very secret⟧ word"));

    String streamed;
    try (SseStream stream = conversation.stream()) {
      streamed =
          stream.rest().stream()
              .filter(frame -> "thread.message.delta".equals(frame.event()))
              .map(frame -> frame.json().at("/delta/content/0/text/value").asText())
              .collect(Collectors.joining());
    }

    assertThat(streamed).isEqualTo(said(REPLACED));
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(said(REPLACED));
  }

  @Test
  void argumentsOfToolCallsAndOutputsOfClients() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(
        Reply.call("ask", "{\"question\": \"%s\"}".formatted(said(SECRET))), Reply.text("Yes."));
    var run = conversation.until(conversation.run(), "requires_action");
    assertFiltered(
        run.at("/required_action/submit_tool_outputs/tool_calls/0/function/arguments").asText());

    var call = Conversation.calls(run).getFirst();
    var body =
        """
        {"tool_outputs": [{"tool_call_id": "%s", "output": "%s"}]}"""
            .formatted(call, said(SECRET));
    post(conversation.path(run) + "/submit_tool_outputs", body);
    conversation.until(run, "completed");

    var steps = conversation.steps(run).toString();
    assertThat(steps).contains(said(REPLACED)).doesNotContain(SECRET);
    assertThat(provider.lastRequest().body().toString()).doesNotContain(SECRET);
  }

  @Test
  void messagesOfTheRoleTool() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(Reply.call("ask", "{}"), Reply.text("Yes."));
    var run = conversation.until(conversation.run(), "requires_action");

    var answer =
        post(
            "/v1/threads/" + conversation.thread() + "/messages",
            """
            {"role": "tool", "tool_call_id": "%s", "content": "%s"}"""
                .formatted(Conversation.calls(run).getFirst(), said(SECRET)));
    conversation.until(run, "completed");

    assertFiltered(answer.toString());
    assertFiltered(conversation.steps(run).toString());
  }

  @Test
  void outputsOfToolsThatTheServerCallsWholeAndStreamed() {
    receiver.on("/whole", RecordingServer.json(200, "{\"said\": \"%s\"}".formatted(said(SECRET))));
    receiver.on(
        "/pieces",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/plain");
          exchange.sendResponseHeaders(200, 0);
          for (var piece : said(SECRET).split("(?<=e)")) {
            exchange.getResponseBody().write(piece.getBytes("UTF-8"));
            exchange.getResponseBody().flush();
          }
          exchange.close();
        });
    provider.reply(
        Reply.calls(
            new Reply.Call("call_1", "whole", "{}"), new Reply.Call("call_2", "pieces", "{}")),
        Reply.text("Done."));
    var run = runs.run(runs.assistant(model, "", webhook("whole"), webhook("pieces")), "Go");

    assertThat(run.output(0)).isEqualTo("{\"said\": \"%s\"}".formatted(said(REPLACED)));
    assertThat(run.output(1)).isEqualTo(said(REPLACED));
    try (var events = api.events(path(run.run()) + "/events")) {
      assertThat(events.rest().toString()).contains(REPLACED).doesNotContain("secret");
    }
  }

  private String webhook(String name) {
    return """
    {"type": "webhook", "webhook": {"name": "%s", "endpoint": "%s", "parameters": {"type": "object"}}}"""
        .formatted(name, receiver.url("/" + name));
  }

  @Test
  void messagesBetweenAssistants() {
    var target = "target-" + UUID.randomUUID();
    var advisor = runs.assistant(target, "\"name\": \"Advisor\",");
    provider.replyTo(target, Reply.text("Noted."));
    var desk =
        runs.assistant(
            model,
            "",
            """
            {"type": "agent_routing", "agent_routing": {"targets": ["%s"], "mode": "delegate"}}"""
                .formatted(advisor));
    provider.replyTo(
        model,
        Reply.call("route_to_advisor", "{\"message\": \"%s\"}".formatted(said(SECRET))),
        Reply.text("Done."));

    runs.run(desk, "Ask");

    var toTarget =
        provider.requests().stream()
            .filter(request -> request.model().equals(target))
            .findFirst()
            .orElseThrow();
    assertFiltered(toTarget.body().path("messages").toString());
  }

  @Test
  void memoryThatIsEditedByHand() {
    var thread = post("/v1/threads", "{}").path("id").asText();
    var summary =
        post(
            "/v1/threads/" + thread + "/memory/summaries",
            "{\"text\": \"%s\"}".formatted(said(SECRET)));

    assertFiltered(summary.path("text").asText());
  }
}
