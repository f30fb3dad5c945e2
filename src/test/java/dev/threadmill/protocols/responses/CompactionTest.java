package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Histories that are compacted: a summary stands for what it covers. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class CompactionTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MANAGED =
      "\"context_management\": [{\"type\": \"compaction\", \"compact_threshold\": 1000}]";

  /** More than the threshold has tokens. */
  private static final String LONG = "alpha beta gamma ".repeat(600);

  private final ApiClient user = ApiClient.user();
  private final String model = "compact-" + UUID.randomUUID();
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  private JsonNode create(String fields) {
    var response = user.post("/v1/responses", "{\"model\": \"%s\", %s}".formatted(model, fields));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private String sent() {
    return provider.lastRequest().body().path("messages").toString();
  }

  private static String chained(JsonNode response) {
    return "\"previous_response_id\": \"%s\"".formatted(response.path("id").asText());
  }

  @Test
  void aChainBeyondItsThresholdIsContinuedFromASummaryThatTheMemoryShows() {
    provider.replyTo(
        model,
        Reply.text("First answer."),
        Reply.text("SUMMARY of it all."),
        Reply.text("Second answer."),
        Reply.text("Third answer."));
    var first = create(MANAGED + ", \"input\": \"" + LONG + "\"");
    assertThat(first.path("output").findValuesAsText("type")).doesNotContain("compaction");

    var second = create(MANAGED + ", \"input\": \"and now\", " + chained(first));

    assertThat(second.at("/output/0/type").asText()).isEqualTo("compaction");
    assertThat(second.at("/output/0/encrypted_content").asText()).doesNotContain("SUMMARY");
    assertThat(second.at("/output/1/content/0/text").asText()).isEqualTo("Second answer.");
    assertThat(sent()).contains("SUMMARY of it all.", "and now").doesNotContain("alpha beta");

    var third = create("\"input\": \"go on\", " + chained(second));

    assertThat(sent())
        .contains("SUMMARY of it all.", "and now", "Second answer.", "go on")
        .doesNotContain("alpha beta");
    assertThat(third.at("/output/0/type").asText()).isEqualTo("message");
    assertThat(user.get("/v1/responses/" + second.path("id").asText()).json().path("output"))
        .isEqualTo(second.path("output"));
  }

  @Test
  void aBranchBehindACompactionBeginsWithTheSummary() {
    provider.replyTo(
        model,
        Reply.text("First."),
        Reply.text("SUMMARY."),
        Reply.text("Second."),
        Reply.text("Left."),
        Reply.text("Right."));
    var first = create("\"input\": \"" + LONG + "\"");
    var second = create(MANAGED + ", \"input\": \"and now\", " + chained(first));
    create("\"input\": \"left\", " + chained(second));

    create("\"input\": \"right\", " + chained(second));

    assertThat(sent())
        .contains("SUMMARY.", "and now", "Second.", "right")
        .doesNotContain("alpha beta", "left");
  }

  @Test
  void aConversationIsCompactedWithTheOutputsOfItsCalls() {
    provider.replyTo(
        model, Reply.call("ask", "{}"), Reply.text("SUMMARY."), Reply.text("It is four."));
    var conversation = user.post("/v1/conversations", "{}").id();
    var tools = "\"tools\": [{\"type\": \"function\", \"name\": \"ask\"}]";
    var place = "\"conversation\": \"%s\"".formatted(conversation);
    var first = create(place + ", \"input\": \"" + LONG + "\", " + tools);

    create(
        """
        %s, %s, %s, "input": [{"type": "function_call_output", "call_id": "%s", "output": "four"}]"""
            .formatted(MANAGED, place, tools, first.at("/output/0/call_id").asText()));

    assertThat(provider.requests().get(1).body().path("messages").toString()).contains("four");
    assertThat(sent()).contains("SUMMARY.").doesNotContain("alpha beta");
    var summaries =
        user.get("/v1/threads/" + conversation.replace("conv_", "thread_") + "/memory/summaries")
            .json();
    assertThat(summaries.at("/data/0/text").asText()).isEqualTo("SUMMARY.");
    assertThat(summaries.at("/data/0/written_by").asText()).isEqualTo(model);
  }

  private String conversationOf(String input) {
    provider.replyTo(model, Reply.text("First."));
    var conversation = user.post("/v1/conversations", "{}").id();
    create("\"conversation\": \"%s\", \"input\": \"%s\"".formatted(conversation, input));
    return conversation;
  }

  @Test
  void aResponseIsThereWhileItsHistoryIsSummarizedAndItsConversationIsLocked() throws Exception {
    var conversation = conversationOf(LONG);
    var gate = new ReplyGate();
    provider.replyTo(model, Reply.text("SUMMARY.").withGate(gate), Reply.text("Second."));
    var fields = MANAGED + ", \"conversation\": \"" + conversation + "\", \"input\": \"and now\"";
    var body = "{\"model\": \"%s\", \"stream\": true, %s}".formatted(model, fields);
    try (var stream = user.stream("/v1/responses", body)) {
      assertThat(stream.next().event()).isEqualTo("response.created");
      assertThat(stream.next().event()).isEqualTo("response.in_progress");
      var items = "/v1/conversations/" + conversation + "/items";
      var added =
          user.post(
              items,
              "{\"items\": [{\"type\": \"message\", \"role\": \"user\", \"content\": \"x\"}]}");
      assertThat(added.error().path("code").asText()).isEqualTo("conversation_locked");
      gate.open();

      var frames = stream.rest();

      assertThat(SseStream.names(frames))
          .startsWith("response.output_item.added", "response.output_item.done")
          .endsWith("response.completed");
      var response = frames.getLast().json().path("response");
      assertThat(response.at("/output/0/type").asText()).isEqualTo("compaction");
      var replayed = user.events("/v1/responses/" + response.path("id").asText() + "?stream=true");
      try (replayed) {
        assertThat(replayed.rest().subList(2, frames.size() + 2)).isEqualTo(frames);
      }
      var listed = user.get(items + "?order=asc").json().path("data");
      assertThat(listed.findValuesAsText("type")).contains("compaction");
      assertThat(listed.toString()).doesNotContain("SUMMARY.");
      assertThat(user.get(items + "/" + response.at("/output/0/id").asText()).json())
          .isEqualTo(response.at("/output/0"));
    } finally {
      gate.open();
    }
    assertThat(sent()).contains("SUMMARY.", "and now").doesNotContain("alpha beta");
  }

  @Test
  void aResponseInTheBackgroundIsAnsweredBeforeItsHistoryIsSummarized() {
    var conversation = conversationOf(LONG);
    var gate = new ReplyGate();
    provider.replyTo(model, Reply.text("SUMMARY.").withGate(gate), Reply.text("Second."));
    try {
      var response =
          create(
              "%s, \"background\": true, \"conversation\": \"%s\", \"input\": \"and now\""
                  .formatted(MANAGED, conversation));
      assertThat(response.path("status").asText()).isIn("queued", "in_progress");
      gate.open();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  user.get("/v1/responses/" + response.path("id").asText())
                      .json()
                      .path("status")
                      .asText()
                      .equals("completed"));
    } finally {
      gate.open();
    }
    assertThat(sent()).contains("SUMMARY.").doesNotContain("alpha beta");
  }

  @Test
  void aResponseThatWaitsForItsTurnBeginsWithTheSummaryToo() {
    var conversation = conversationOf(LONG);
    var gate = new ReplyGate();
    provider.replyTo(
        model, Reply.text("SUMMARY."), Reply.text("Second.").withGate(gate), Reply.text("Third."));
    var place = "\"background\": true, \"conversation\": \"%s\"".formatted(conversation);
    JsonNode waiting;
    try {
      create("%s, %s, \"input\": \"and now\"".formatted(MANAGED, place));
      waiting = create(place + ", \"on_active_run\": \"queue\", \"input\": \"then\"");
      gate.open();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  user.get("/v1/responses/" + waiting.path("id").asText())
                      .json()
                      .path("status")
                      .asText()
                      .equals("completed"));
    } finally {
      gate.open();
    }
    assertThat(sent())
        .contains("SUMMARY.", "and now", "Second.", "then")
        .doesNotContain("alpha beta");
  }

  @Test
  void aHistoryThatCannotBeSummarizedIsSentWhole() {
    var conversation = conversationOf(LONG);
    provider.replyTo(
        model,
        Reply.error(400, "invalid_request_error", "no summary today"),
        Reply.text("Second."));

    var response =
        create(
            "%s, \"conversation\": \"%s\", \"input\": \"and now\""
                .formatted(MANAGED, conversation));

    assertThat(response.path("output").findValuesAsText("type")).doesNotContain("compaction");
    assertThat(sent()).contains("alpha beta", "and now");
  }

  @Test
  void aHistoryThatIsSentIsCompactedUpToItsLastAnswer() {
    provider.replyTo(model, Reply.text("SUMMARY."), Reply.text("Done."));

    var response =
        create(
            """
            "store": false, %s, "input": [{"role": "user", "content": "%s"},
              {"role": "assistant", "content": "Noted."}, {"role": "user", "content": "and now"}]"""
                .formatted(MANAGED, LONG));

    assertThat(response.path("output").findValuesAsText("type"))
        .startsWith("compaction", "message");
    assertThat(sent()).contains("SUMMARY.", "and now").doesNotContain("alpha beta");
  }

  @Test
  void aTriggerIsAnsweredByTheCompactionAlone() throws Exception {
    provider.replyTo(model, Reply.text("SUMMARY."), Reply.text("Next."));
    var body =
        """
        {"model": "%s", "store": false, "stream": true, "input": [
          {"role": "user", "content": "My name is Ada."}, {"type": "compaction_trigger"}]}"""
            .formatted(model);

    JsonNode response;
    try (var stream = user.stream("/v1/responses", body)) {
      var frames = stream.rest();
      assertThat(SseStream.names(frames))
          .containsExactly(
              "response.created",
              "response.in_progress",
              "response.output_item.added",
              "response.output_item.done",
              "response.completed");
      response = frames.getLast().json().path("response");
    }

    assertThat(response.path("output")).hasSize(1);
    var input = JSON.createArrayNode().add(response.at("/output/0"));
    input.addObject().put("role", "user").put("content", "And?");
    create("\"store\": false, \"input\": " + input);
    assertThat(sent()).contains("SUMMARY.", "And?").doesNotContain("Ada");
  }

  @Test
  void aThresholdThatIsTooSmallIsRefused() {
    var refused =
        user.post(
            "/v1/responses",
            """
            {"model": "m", "input": "x",
             "context_management": [{"type": "compaction", "compact_threshold": 10}]}""");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText())
        .isEqualTo("context_management[0].compact_threshold");
  }
}
