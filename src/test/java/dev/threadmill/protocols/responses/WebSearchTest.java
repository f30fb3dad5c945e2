package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Responses and runs whose model searches the web and cites what it has found. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class WebSearchTest extends ResponsesFixture {
  private static final String PAGE = "https://news.example/rain";
  private static final String FOUND =
      """
      {"results": [
        {"title": "Rain", "url": "%s", "snippet": "It rains in Graz.", "published": "2026-11-30"},
        {"title": "Other", "url": "https://other.example/x", "snippet": "It does not."}]}"""
          .formatted(PAGE);
  private static final String ANSWER =
      "Ja \ud83d\ude00: wet ([Rain](" + PAGE + ")), not https://other.example/x.";

  private static String cited(JsonNode annotation, String text) {
    int from = text.offsetByCodePoints(0, annotation.path("start_index").asInt());
    int to = text.offsetByCodePoints(0, annotation.path("end_index").asInt());
    return text.substring(from, to);
  }

  @Test
  void aResponseSearchesAndCitesThePagesThatTheModelWasGiven() {
    provider.finds(FOUND);
    provider.replyTo(
        model,
        Reply.call("web_search", "{\"query\": \"rain in Graz\"}"),
        Reply.text(ANSWER),
        Reply.text("As I said: " + PAGE + "."));
    var tool =
        """
        "tools": [{"type": "web_search", "filters": {"allowed_domains": ["news.example"]},
          "user_location": {"type": "approximate", "city": "Graz", "country": "AT"},
          "search_context_size": "low", "external_web_access": false}]""";

    var frames =
        stream(
            "\"input\": \"Go\", \"include\": [\"web_search_call.action.sources\","
                + " \"web_search_call.results\"], "
                + tool);

    var response = frames.getLast().json().path("response");
    assertThat(types(response)).containsExactly("web_search_call", "message");
    var call = response.at("/output/0");
    assertThat(call.path("id").asText()).startsWith("ws_");
    assertThat(call.path("status").asText()).isEqualTo("completed");
    assertThat(call.at("/action/type").asText()).isEqualTo("search");
    assertThat(call.at("/action/query").asText()).isEqualTo("rain in Graz");
    assertThat(call.at("/action/sources").findValuesAsText("url")).containsExactly(PAGE);
    assertThat(call.at("/results/0/snippet").asText()).isEqualTo("It rains in Graz.");
    assertThat(SseStream.names(frames))
        .containsSubsequence(
            "response.output_item.added",
            "response.web_search_call.in_progress",
            "response.web_search_call.searching",
            "response.web_search_call.completed",
            "response.output_item.done",
            "response.output_text.annotation.added",
            "response.output_text.done");
    var part = response.at("/output/1/content/0");
    assertThat(part.path("text").asText()).isEqualTo(ANSWER);
    assertThat(part.path("annotations")).as("the other page was filtered out").hasSize(1);
    var citation = part.at("/annotations/0");
    assertThat(citation.path("type").asText()).isEqualTo("url_citation");
    assertThat(citation.path("url").asText()).isEqualTo(PAGE);
    assertThat(citation.path("title").asText()).isEqualTo("Rain");
    assertThat(cited(citation, ANSWER)).isEqualTo(PAGE);
    assertThat(messagesOfLastRequest().toString())
        .contains("It rains in Graz.")
        .doesNotContain("It does not.");
    var search = provider.requests().get(1);
    assertThat(search.path()).endsWith("/web-search");
    assertThat(search.headers()).containsEntry("authorization", "Bearer search-secret");
    assertThat(search.body().at("/user_location/city").asText()).isEqualTo("Graz");

    var path = "/v1/responses/" + response.path("id").asText();
    assertThat(user.get(path).json().at("/output/0/action").has("sources")).isFalse();
    try (var replay =
        user.events(
            path
                + "?stream=true&include[]=web_search_call.results"
                + "&include[]=web_search_call.action.sources")) {
      assertThat(replay.rest()).isEqualTo(frames);
    }
    var next =
        create(
            "\"input\": \"Again\", \"previous_response_id\": \"%s\", %s"
                .formatted(response.path("id").asText(), tool));
    assertThat(next.at("/output/0/content/0/annotations/0/url").asText()).isEqualTo(PAGE);
  }

  @Test
  void aSearchCanBeForcedAndOneThatFailsIsShownAsFailed() {
    provider.replyTo(
        model, Reply.call("web_search", "{\"query\": \"rain\"}"), Reply.text("No idea."));

    var response =
        create(
            """
            "input": "Go", "tools": [{"type": "web_search_preview_2025_03_11"}, {"type": "function",
              "name": "other", "parameters": {"type": "object", "properties": {}}}],
            "tool_choice": {"type": "web_search_preview"}""");

    assertThat(response.at("/output/0/type").asText()).isEqualTo("web_search_call");
    assertThat(response.at("/output/0/status").asText()).isEqualTo("failed");
    var first = provider.requests().getFirst().body();
    assertThat(first.path("tool_choice").asText()).isEqualTo("required");
    assertThat(first.path("tools").findValuesAsText("name")).containsExactly("web_search");
    assertThat(messagesOfLastRequest().toString()).contains("http_400");
  }

  private JsonNode run(String safety) {
    provider.finds(FOUND);
    provider.replyTo(model, Reply.call("web_search", "{\"query\": \"rain\"}"), Reply.text(ANSWER));
    var runs = new ToolRuns(user);
    var assistant = runs.assistant(model, safety, "{\"type\": \"web_search\"}");
    var run = runs.run(assistant, "Does it rain?");
    return user.get(run.path().replaceFirst("/runs/.*", "/messages"))
        .json()
        .at("/data/0/content/0");
  }

  @Test
  void anAssistantSearchesAndItsStepShowsWhatItFound() {
    var text = run("").path("text");

    assertThat(text.path("annotations")).hasSize(2);
    var citation = text.at("/annotations/0");
    assertThat(citation.path("type").asText()).isEqualTo("url_citation");
    assertThat(citation.at("/url_citation/url").asText()).isEqualTo(PAGE);
    assertThat(cited(citation, text.path("value").asText())).isEqualTo(PAGE);
  }

  @Test
  void strictSafetyWithholdsTheLinksOfASearchAsAnyOther() {
    var text =
        run("\"safety\": {\"strict\": true, \"allowed_domains\": [\"127.0.0.1\", \"other.example\"]},")
            .path("text");

    assertThat(text.path("value").asText()).doesNotContain(PAGE).contains("other.example");
    assertThat(text.at("/annotations").findValuesAsText("url"))
        .containsExactly("https://other.example/x");
  }

  @Test
  void theServerOfTheSearchIsReachedOnlyIfTheAssistantMayReachIt() {
    run("\"safety\": {\"allowed_domains\": [\"news.example\"]},");

    assertThat(provider.requests()).noneMatch(request -> request.path().endsWith("/web-search"));
  }

  @Test
  void aSearchOfTheProviderIsRefusedForModelsWithoutOne() {
    var refused =
        user.post(
            "/v1/chat/completions",
            body(
                "\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}],"
                    + " \"web_search_options\": {\"search_context_size\": \"low\"}"));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("web_search_options");
  }
}
