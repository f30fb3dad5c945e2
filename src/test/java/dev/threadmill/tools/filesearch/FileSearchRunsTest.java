package dev.threadmill.tools.filesearch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs whose model searches files and cites them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class FileSearchRunsTest extends FileSearchFixture {
  private static final String UNKNOWN = "\u30101:7\u2020source\u3011";
  private static final String CONTENT =
      "?include[]=step_details.tool_calls[*].file_search.results[*].content";

  @Test
  void anAnswerCitesThePassagesThatTheModelWasGiven() {
    // Given
    provider.replyTo(
        model,
        Reply.call("file_search", SEARCH),
        Reply.text("Ja \ud83d\ude00: ninety days" + MARKER + ", they say" + UNKNOWN + "."));
    var file = tenant.upload("contract.md", TEXT);
    var store = tenant.store(file);
    var assistant = assistant(withStore(store));
    var thread = thread("What is the notice?");

    // When
    var frames = run(thread, assistant);

    // Then
    var message = tenant.get("/v1/threads/" + thread + "/messages").at("/data/0/content/0/text");
    var value = message.path("value").asText();
    assertThat(value).contains(MARKER).contains(UNKNOWN);
    assertThat(message.path("annotations")).hasSize(1);
    var annotation = message.at("/annotations/0");
    assertThat(annotation.path("type").asText()).isEqualTo("file_citation");
    assertThat(annotation.path("text").asText()).isEqualTo(MARKER);
    assertThat(annotation.at("/file_citation/file_id").asText()).isEqualTo(file);
    assertThat(annotation.at("/location/heading").asText()).isEqualTo("Termination");
    int from = value.offsetByCodePoints(0, annotation.path("start_index").asInt());
    int to = value.offsetByCodePoints(0, annotation.path("end_index").asInt());
    assertThat(value.substring(from, to)).isEqualTo(MARKER);

    var text = new StringBuilder();
    var annotations = new ArrayList<JsonNode>();
    for (var frame : frames) {
      if ("thread.message.delta".equals(frame.event())) {
        var part = frame.json().at("/delta/content/0/text");
        var piece = part.path("value").asText("");
        assertThat(piece.contains("\u3010")).isEqualTo(piece.contains("\u3011"));
        text.append(piece);
        part.path("annotations").forEach(annotations::add);
      }
    }
    assertThat(text.toString()).isEqualTo(value);
    assertThat(annotations).hasSize(1);
    assertThat(annotations.getFirst().path("index").asInt()).isZero();
    assertThat(annotations.getFirst().path("start_index"))
        .isEqualTo(annotation.path("start_index"));
    assertThat(provider.lastRequest().body().toString())
        .contains("ninety days")
        .contains("contract.md");
  }

  @Test
  void theStepShowsTheResultsAndTheirContentsOnRequest() {
    // Given
    provider.replyTo(model, Reply.call("file_search", SEARCH), Reply.text("Done."));
    var file = tenant.upload("contract.md", TEXT);
    var store = tenant.store(file);
    var assistant = assistant(withStore(store));
    var thread = thread("Hi");

    // When
    var frames = run(thread, assistant);

    // Then
    var run =
        frames.stream()
            .filter(frame -> "thread.run.completed".equals(frame.event()))
            .findFirst()
            .orElseThrow()
            .json()
            .path("id")
            .asText();
    var path = "/v1/threads/" + thread + "/runs/" + run + "/steps";
    var call = tenant.get(path + "?order=asc").at("/data/0/step_details/tool_calls/0");
    assertThat(call.path("type").asText()).isEqualTo("file_search");
    assertThat(call.at("/file_search/ranking_options/ranker").asText()).isEqualTo("auto");
    assertThat(call.at("/file_search/ranking_options/score_threshold").asDouble()).isEqualTo(0.1);
    var result = call.at("/file_search/results/0");
    assertThat(result.path("file_id").asText()).isEqualTo(file);
    assertThat(result.path("file_name").asText()).isEqualTo("contract.md");
    assertThat(result.path("score").asDouble()).isBetween(0.1, 1.0);
    assertThat(result.has("content")).isFalse();
    var withContent =
        tenant.get(path + CONTENT + "&order=asc").at("/data/0/step_details/tool_calls/0");
    assertThat(withContent.at("/file_search/results/0/content/0/text").asText())
        .contains("ninety days");
    for (var frame : frames) {
      if ("thread.run.step.delta".equals(frame.event())) {
        assertThat(frame.json().at("/delta/step_details/tool_calls/0/file_search").toString())
            .isEqualTo("{}");
      }
    }
  }

  @Test
  void anAttachedFileIsSearchedAsSoonAsItIsIndexed() {
    // Given
    provider.replyTo(model, Reply.call("file_search", SEARCH), Reply.text("Ninety" + MARKER + "."));
    var file = tenant.upload("contract.md", TEXT);
    var assistant = assistant("");

    // When
    var created =
        tenant.post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "What is the notice?",
              "attachments": [{"file_id": "%s", "tools": [{"type": "file_search"}]}]}]}
            """
                .formatted(file));
    var thread = created.path("id").asText();
    run(thread, assistant);

    // Then
    var store = created.at("/tool_resources/file_search/vector_store_ids/0").asText();
    assertThat(tenant.get("/v1/vector_stores/" + store).at("/expires_after/days").asInt())
        .isEqualTo(7);
    var message = tenant.get("/v1/threads/" + thread + "/messages").at("/data/0/content/0/text");
    assertThat(message.at("/annotations/0/file_citation/file_id").asText()).isEqualTo(file);

    tenant.api().delete("/v1/threads/" + thread);
    assertThat(tenant.api().get("/v1/vector_stores/" + store).status()).isEqualTo(404);
  }

  @Test
  void theFilterAndTheWeightsOfTheToolApplyToItsSearches() {
    // Given
    provider.replyTo(model, Reply.call("file_search", SEARCH), Reply.text("Done."));
    var store = tenant.post("/v1/vector_stores", "{}").path("id").asText();
    for (int year : List.of(2024, 2025)) {
      var file = tenant.upload("contract-%d.md".formatted(year), TEXT + " Year " + year + ".");
      tenant.post(
          "/v1/vector_stores/" + store + "/files",
          "{\"file_id\": \"%s\", \"attributes\": {\"year\": %d}}".formatted(file, year));
    }
    tenant.awaitSettled(store);
    var assistant =
        tenant.post(
            "/v1/assistants",
            """
            {"model": "%s", "tool_resources": {"file_search": {"vector_store_ids": ["%s"]}},
             "tools": [{"type": "file_search", "file_search": {
               "filters": {"type": "and", "filters": [
                 {"type": "gte", "key": "year", "value": 2025},
                 {"type": "in", "key": "year", "value": [2024, 2025]}]},
               "ranking_options": {"score_threshold": 0,
                 "hybrid_search": {"embedding_weight": 0, "text_weight": 1}}}}]}
            """
                .formatted(model, store));
    var thread = thread("Hi");

    // When
    run(thread, assistant.path("id").asText());

    // Then
    assertThat(assistant.at("/tools/0/file_search/filters/filters/0/value").asInt())
        .isEqualTo(2025);
    assertThat(assistant.at("/tools/0/file_search/ranking_options/hybrid_search").toString())
        .isEqualTo("{\"embedding_weight\":0.0,\"text_weight\":1.0}");
    assertThat(provider.lastRequest().body().toString())
        .contains("contract-2025.md")
        .doesNotContain("contract-2024.md");
  }

  @Test
  void aStoreIsCreatedAlongWithAnAssistantOrAThread() {
    var file = tenant.upload("contract.md", TEXT);
    var resources =
        "{\"file_search\": {\"vector_stores\": [{\"file_ids\": [\"%s\"], \"metadata\": {\"a\": \"b\"}}]}}"
            .formatted(file);

    var assistant =
        tenant.post(
            "/v1/assistants",
            "{\"model\": \"%s\", \"tool_resources\": %s}".formatted(model, resources));
    var thread = tenant.post("/v1/threads", "{\"tool_resources\": %s}".formatted(resources));

    for (var owner : List.of(assistant, thread)) {
      var store = owner.at("/tool_resources/file_search/vector_store_ids/0").asText();
      assertThat(tenant.awaitSettled(store).at("/file_counts/completed").asInt()).isEqualTo(1);
    }
    var modified =
        tenant
            .api()
            .post(
                "/v1/assistants/" + assistant.path("id").asText(),
                "{\"tool_resources\": %s}".formatted(resources));
    assertThat(modified.status()).isEqualTo(400);
    assertThat(modified.error().path("param").asText())
        .isEqualTo("tool_resources.file_search.vector_stores");
  }
}
