package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What requests contain beside text, and what their models are allowed. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ResponseInputsTest extends ResponsesFixture {
  private static final String PNG = "data:image/png;base64,iVBORw0KGgo=";
  private static final String INCLUDED = "?include[]=message.input_image.image_url";

  @Inject Jdbc jdbc;

  @Test
  void picturesSoundAndVerbosityReachTheModelAndCommentaryHasItsPhase() {
    provider.replyTo(model, Reply.call("ask", "{}").withTextBefore("I look it up."));

    var response =
        create(
            """
            "input": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": [
              {"type": "input_text", "text": "What is it?"},
              {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
              {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]}],
            "text": {"verbosity": "low"}, "reasoning": {"effort": "high", "context": "all_turns"}, %s"""
                .formatted(TOOL));

    var sent = provider.lastRequest().body();
    assertThat(sent.at("/messages/0/content").asText()).contains("Be kind.").contains("briefly");
    assertThat(sent.at("/messages/1/content").findValuesAsText("type"))
        .containsExactly("text", "image_url", "input_audio");
    assertThat(sent.at("/messages/1/content/1/image_url/detail").asText()).isEqualTo("low");
    assertThat(sent.path("reasoning_effort").asText()).isEqualTo("high");
    assertThat(response.at("/reasoning/context").asText()).isEqualTo("all_turns");
    assertThat(types(response)).containsExactly("message", "function_call");
  }

  private static String image(String url) {
    return """
        "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "%s"}]}]"""
        .formatted(url);
  }

  private JsonNode imageOf(String address) {
    return user.get(address).json().at("/data/0/content/0");
  }

  @Test
  void anImageBecomesAFileAndItsContentIsShownOnlyIfTheClientIncludesIt() {
    provider.replyTo(model, Reply.text("A picture."), Reply.text("Still."), Reply.text("Again."));

    var first = create(image(PNG));
    var id = first.path("id").asText();
    create("\"input\": \"And now?\", \"previous_response_id\": \"%s\"".formatted(id));
    var sentLater = messagesOfLastRequest().at("/0/content/0/image_url/url").asText();
    create("\"input\": \"A branch\", \"previous_response_id\": \"%s\"".formatted(id));
    var sentByTheBranch = messagesOfLastRequest().at("/0/content/0/image_url/url").asText();

    var items = "/v1/responses/" + id + "/input_items";
    assertThat(imageOf(items).path("image_url").isNull()).isTrue();
    assertThat(imageOf(items).path("file_id").asText()).startsWith("file-");
    assertThat(imageOf(items + INCLUDED).path("image_url").asText()).isEqualTo(PNG);
    assertThat(List.of(sentLater, sentByTheBranch)).containsOnly(PNG);
    assertThat(
            jdbc.one(
                "SELECT input::text AS input FROM responses WHERE id = ?",
                row -> row.text("input"),
                id))
        .get()
        .asString()
        .doesNotContain("iVBOR");
  }

  @Test
  void anImageOfAConversationIsShownTheSameWay() {
    var conversation =
        user.post("/v1/conversations", "{%s}".formatted(image(PNG).replaceFirst("input", "items")))
            .id();

    var items = "/v1/conversations/" + conversation + "/items";
    assertThat(imageOf(items).path("image_url").isNull()).isTrue();
    assertThat(imageOf(items + INCLUDED).path("image_url").asText()).isEqualTo(PNG);
  }

  @Test
  void anImageInTheOutputOfACallIsShownToTheModel() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("A dot."), Reply.text("A branch."));
    var first = create("\"input\": \"Go\", " + TOOL);
    var next =
        """
        "previous_response_id": "%s", "input": [{"type": "function_call_output", "call_id": "%s",
          "output": [{"type": "input_text", "text": "Here: "},
            {"type": "input_image", "image_url": "%s"}]}]"""
            .formatted(first.path("id").asText(), first.at("/output/0/call_id").asText(), PNG);

    var second = create(next);
    var sent = messagesOfLastRequest();
    create(next);
    var sentByTheBranch = messagesOfLastRequest();

    assertThat(text(second)).isEqualTo("A dot.");
    for (var messages : List.of(sent, sentByTheBranch)) {
      assertThat(messages.findValuesAsText("role"))
          .containsExactly("user", "assistant", "tool", "user");
      assertThat(messages.at("/2/content").asText()).startsWith("Here: [image file-");
      assertThat(messages.at("/3/content/1/image_url/url").asText()).isEqualTo(PNG);
    }
    var items = "/v1/responses/%s/input_items".formatted(second.path("id").asText());
    assertThat(user.get(items + INCLUDED).json().at("/data/0/output/1/image_url").asText())
        .isEqualTo(PNG);
  }

  @Test
  void whatIsNoImageIsRefusedByTheField() {
    for (var url : List.of("data:image/png;base64,AAAA", "data:image/png;base64,?", "ftp://x")) {
      var refused = user.post("/v1/responses", body(image(url)));

      assertThat(refused.status()).as(url).isEqualTo(400);
      assertThat(refused.error().path("param").asText()).isEqualTo("input[0].content[0].image_url");
    }
  }

  @Test
  void noMoreToolsOfTheServerAreCalledThanTheRequestAllows() {
    var search = "{\"query\": \"q\"}";
    provider.finds("{\"results\": []}");
    provider.replyTo(
        model,
        Reply.calls(new Reply.Call("a", "ask", "{}"), new Reply.Call("b", "ask", "{}")),
        Reply.calls(
            new Reply.Call("a", "web_search", search), new Reply.Call("b", "web_search", search)),
        Reply.text("One was enough."));
    var limited = "\"input\": \"Go\", \"max_tool_calls\": 1, ";

    assertThat(types(create(limited + TOOL))).containsExactly("function_call", "function_call");
    var response = create(limited + "\"tools\": [{\"type\": \"web_search\"}]");

    assertThat(response.path("status").asText()).isEqualTo("completed");
    assertThat(types(response)).containsExactly("web_search_call", "web_search_call", "message");
    assertThat(response.at("/output/0/status").asText()).isEqualTo("completed");
    assertThat(response.at("/output/1/status").asText()).isEqualTo("failed");
    assertThat(provider.lastRequest().body().path("tools")).isEmpty();
    assertThat(messagesOfLastRequest().findValuesAsText("content"))
        .anyMatch(text -> text.contains("too_many_tool_calls"));
  }

  /** As chat applications write it: no ids, a summary of reasoning alone, arguments as they are. */
  @Test
  void aHistoryInTheFormOfChatApplicationsIsUnderstood() {
    provider.replyTo(model, Reply.text("Sunny."));

    var frames =
        stream(
            """
            "store": false, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "a",
            "frequency_penalty": 0, "presence_penalty": 0, "temperature": 1, "top_p": 1,
            "reasoning": {"effort": "medium", "summary": "auto"}, "text": {"verbosity": "medium"},
            "input": [
              {"role": "developer", "content": "Be kind."},
              {"role": "user", "content": [{"type": "input_text", "text": "Look:"},
                {"type": "input_image", "image_url": "%s"}]},
              {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I should ask."}]},
              {"type": "function_call", "call_id": "toolu_1", "name": "ask", "arguments": "ask"},
              {"type": "function_call_output", "call_id": "toolu_1", "output": "warm"},
              {"role": "assistant", "content": [{"type": "output_text", "text": "It is warm."}]},
              {"role": "user", "content": "And now?"}], %s"""
                .formatted(PNG, TOOL));

    assertThat(text(frames.getLast().json().path("response"))).isEqualTo("Sunny.");
    assertThat(messagesOfLastRequest().findValuesAsText("role"))
        .containsExactly("system", "user", "assistant", "tool", "assistant", "user");
    assertThat(messagesOfLastRequest().at("/1/content/1/image_url/url").asText()).isEqualTo(PNG);
  }

  @Test
  void aBudgetEndsTheResponseAndIsNamedAsItsLimit() {
    provider.replyTo(model, Reply.text("Too much."));

    var response = create("\"input\": \"Go\", \"budget\": {\"tokens\": 1}");
    var wrong = user.post("/v1/responses", body("\"input\": \"x\", \"budget\": {\"tokens\": 0}"));

    assertThat(response.path("status").asText()).isEqualTo("incomplete");
    assertThat(response.at("/incomplete_details/limit").asText()).isEqualTo("run_budget");
    assertThat(response.at("/incomplete_details").has("reason")).isFalse();
    assertThat(response.at("/budget/tokens").asInt()).isEqualTo(1);
    assertThat(wrong.error().path("param").asText()).isEqualTo("budget.tokens");
  }

  @Test
  void aRefusalIsStreamedWhileTheModelWritesIt() {
    var pieces = List.of("I can", "not do ", "that.");
    var steps = new ArrayList<Reply.Step>();
    for (var piece : pieces) {
      steps.add(new Reply.Step.Delta(Json.MAPPER.createObjectNode().put("refusal", piece)));
    }
    steps.add(new Reply.Step.Finish("stop"));
    steps.add(new Reply.Step.Done());
    provider.replyTo(model, Reply.streamed(steps).withPause(20));

    var frames = stream("\"input\": \"Do it.\"");

    assertThat(frames)
        .filteredOn(frame -> frame.event().equals("response.refusal.delta"))
        .extracting(frame -> frame.json().path("delta").asText())
        .containsExactlyElementsOf(pieces);
    var response = frames.getLast().json().path("response");
    assertThat(response.at("/output/0/content/0/refusal").asText())
        .isEqualTo(String.join("", pieces));
    try (var replay =
        user.events("/v1/responses/%s?stream=true".formatted(response.path("id").asText()))) {
      assertThat(replay.rest()).isEqualTo(frames);
    }
  }
}
