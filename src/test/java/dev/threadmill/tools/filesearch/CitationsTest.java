package dev.threadmill.tools.filesearch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.FileId;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which file a citation names, and where it stands, when names and texts are unusual. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(120)
class CitationsTest extends FileSearchFixture {
  private static final String SECOND = MARKER.replace("1:0", "1:1");

  @Inject SettableClock clock;

  @AfterEach
  void resetTheClock() {
    clock.reset();
  }

  private JsonNode answer(String thread) {
    return tenant.get("/v1/threads/" + thread + "/messages").at("/data/0/content/0/text");
  }

  /** The text of an answer from a citation's first to its last code point. */
  private static String cited(JsonNode answer, JsonNode annotation) {
    var value = answer.path("value").asText();
    return value.substring(
        value.offsetByCodePoints(0, annotation.path("start_index").asInt()),
        value.offsetByCodePoints(0, annotation.path("end_index").asInt()));
  }

  @Test
  void filesOfTheSameNameAreCitedByTheirOwnIds() {
    provider.replyTo(
        model,
        Reply.call("file_search", SEARCH),
        Reply.text("One" + MARKER + ", another" + SECOND + ", the first again" + MARKER + "."));
    var store =
        tenant.store(
            tenant.upload("contract.md", TEXT),
            tenant.upload(
                "contract.md", "The supplier is a bakery. Its period of notice is long."));
    var thread = thread("What is the notice?");

    run(thread, assistant(withStore(store)));

    var answer = answer(thread);
    var results = new ArrayList<String>();
    var steps = tenant.get("/v1/threads/" + thread + "/messages").at("/data/0/run_id").asText();
    tenant
        .get("/v1/threads/%s/runs/%s/steps?order=asc".formatted(thread, steps))
        .at("/data/0/step_details/tool_calls/0/file_search/results")
        .forEach(result -> results.add(result.path("file_id").asText()));
    assertThat(results).hasSize(2).doesNotHaveDuplicates();
    assertThat(answer.path("annotations").findValuesAsText("file_id"))
        .containsExactly(results.get(0), results.get(1), results.get(0));
    for (var annotation : answer.path("annotations")) {
      assertThat(cited(answer, annotation)).isEqualTo(annotation.path("text").asText());
    }
  }

  @Test
  void indexesCountCodePointsInTablesAndInTextWithoutSpaces() {
    var text =
        "\ud842\udfb7\u91ce\u5bb6\u306e\u901a\u77e5\u671f\u9593\u306f\u4e5d\u5341\u65e5"
            + MARKER
            + "\u3002\n\n| \u9805\u76ee | \u65e5\u6570 |\n| --- | --- |\n| \ud83d\udcc4 \u89e3\u7d04 | 90"
            + MARKER
            + " |\n| **\u0915\u094d\u0937** | 30 |\n"
            + MARKER;
    provider.replyTo(
        model,
        Reply.call("file_search", "{\"queries\": [\"\u901a\u77e5\u671f\u9593\"]}"),
        Reply.text(text));
    var file =
        tenant.upload(
            "\u5951\u7d04\u66f8.csv",
            "\u9805\u76ee,\u901a\u77e5\u671f\u9593\n\u89e3\u7d04,90\u65e5\n\u66f4\u65b0,30\u65e5\n");
    var thread = thread("\u901a\u77e5\u671f\u9593\u306f?");

    run(thread, assistant(withStore(tenant.store(file))));

    var answer = answer(thread);
    assertThat(answer.path("value").asText()).isEqualTo(text);
    assertThat(answer.path("annotations")).hasSize(3);
    int from = 0;
    for (var annotation : answer.path("annotations")) {
      assertThat(annotation.at("/file_citation/file_id").asText()).isEqualTo(file);
      assertThat(cited(answer, annotation)).isEqualTo(MARKER);
      assertThat(annotation.path("start_index").asInt()).isGreaterThanOrEqualTo(from);
      from = annotation.path("end_index").asInt();
    }
    assertThat(from).isEqualTo(text.codePointCount(0, text.length()));
    assertThat(provider.lastRequest().body().toString())
        .contains("| \u9805\u76ee | \u901a\u77e5\u671f\u9593 |");
  }

  @Test
  void aStoreThatHasExpiredIsNotSearchedAndTheModelIsToldSo() {
    provider.replyTo(
        model, Reply.call("file_search", SEARCH), Reply.text("Unknown" + MARKER + "."));
    var file = tenant.upload("contract.md", TEXT);
    var store =
        tenant
            .post(
                "/v1/vector_stores",
                """
                {"file_ids": ["%s"], "expires_after": {"anchor": "last_active_at", "days": 1}}
                """
                    .formatted(file))
            .path("id")
            .asText();
    tenant.awaitSettled(store);
    var assistant = assistant(withStore(store));
    var thread = thread("What is the notice?");

    // the row says that it has expired when the next maintenance has run
    clock.advance(Duration.ofHours(25));
    run(thread, assistant);

    assertThat(tenant.get("/v1/vector_stores/" + store).path("status").asText())
        .isEqualTo("expired");
    assertThat(answer(thread).path("value").asText()).isEqualTo("Unknown" + MARKER + ".");
    assertThat(answer(thread).path("annotations")).isEmpty();
    assertThat(provider.lastRequest().body().toString()).contains("There are no files to search.");
    for (var refused :
        new String[][] {
          {"/search", "{\"query\": \"notice\"}"},
          {"/files", "{\"file_id\": \"%s\"}".formatted(file)},
          {"/file_batches", "{\"file_ids\": [\"%s\"]}".formatted(file)},
          {"", "{\"name\": \"again\"}"}
        }) {
      var answer = tenant.api().post("/v1/vector_stores/" + store + refused[0], refused[1]);
      assertThat(answer.status()).as(refused[0]).isEqualTo(400);
      assertThat(answer.error().path("message").asText()).contains("has expired");
    }
  }

  @Test
  void aFileThatIsDeletedAfterItWasCitedStaysCited() {
    provider.replyTo(
        model,
        Reply.call("file_search", SEARCH),
        Reply.text("Ninety" + MARKER + "."),
        Reply.call("file_search", SEARCH),
        Reply.text("Still ninety" + MARKER + ", now unknown\u30102:0\u2020source\u3011."));
    var file = tenant.upload("contract.md", TEXT);
    var assistant = assistant(withStore(tenant.store(file)));
    var thread = thread("What is the notice?");
    run(thread, assistant);

    files.delete(tenant.project(), new FileId(file));
    tenant.post(
        "/v1/threads/" + thread + "/messages", "{\"role\": \"user\", \"content\": \"Sure?\"}");
    run(thread, assistant);

    var messages = tenant.get("/v1/threads/" + thread + "/messages").path("data");
    assertThat(messages.at("/2/content/0/text/annotations/0/file_citation/file_id").asText())
        .isEqualTo(file);
    assertThat(messages.at("/0/content/0/text/annotations").findValuesAsText("text"))
        .containsExactly(MARKER);
    assertThat(provider.lastRequest().body().toString())
        .contains("No passage of the files fits the queries.");
  }
}
