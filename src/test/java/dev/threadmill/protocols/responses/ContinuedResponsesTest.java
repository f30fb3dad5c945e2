package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which responses, calls and items a request may refer to, and how it is refused otherwise. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ContinuedResponsesTest extends ResponsesFixture {
  private static final String OUTPUT =
      "{\"type\": \"function_call_output\", \"call_id\": \"%s\", \"output\": \"x\"}";

  private static String behind(JsonNode response, String input) {
    return "\"previous_response_id\": \"%s\", \"input\": %s"
        .formatted(response.path("id").asText(), input);
  }

  private JsonNode refused(ApiClient client, String fields) {
    var response = client.post("/v1/responses", body(fields));
    assertThat(response.status()).as(response.text()).isEqualTo(400);
    return response.error();
  }

  private JsonNode refused(String fields) {
    return refused(user, fields);
  }

  @Test
  void onlyAStoredResponseOfTheProjectThatHasEndedIsContinued() {
    provider.replyTo(model, Reply.text("Kept."), Reply.text("Gone."));
    var kept = create("\"input\": \"Hi\"");
    var unstored = create("\"input\": \"Hi\", \"store\": false");
    provider.replyTo(model, Reply.text("Slow.").withGate(gate));
    var running = create("\"input\": \"Hi\", \"background\": true");

    var stranger = refused(ApiClient.stranger(), behind(kept, "\"And?\""));
    var lost = refused(behind(unstored, "\"And?\""));
    var early = refused(behind(running, "\"And?\""));
    gate.open();

    for (var error : List.of(stranger, lost)) {
      assertThat(error.path("code").asText()).isEqualTo("previous_response_not_found");
      assertThat(error.path("param").asText()).isEqualTo("previous_response_id");
    }
    assertThat(early.path("param").asText()).isEqualTo("previous_response_id");
    assertThat(early.path("message").asText()).contains("has not ended yet");
  }

  @Test
  void aResponseThatFailedIsContinuedAndInstructionsAreNotInherited() {
    provider.replyTo(model, Reply.error(400, "bad_request", "No."), Reply.text("Better."));
    var failed = create("\"input\": \"first\", \"instructions\": \"Speak Dutch.\"");
    assertThat(failed.path("status").asText()).isEqualTo("failed");

    var next = create(behind(failed, "\"again\""));

    assertThat(text(next)).isEqualTo("Better.");
    assertThat(next.path("instructions").isNull()).isTrue();
    assertThat(messagesOfLastRequest().toString())
        .contains("first", "again")
        .doesNotContain("Dutch");
  }

  @Test
  void everyOpenCallNeedsOneOutputAndEveryOutputACall() {
    provider.replyTo(
        model,
        Reply.calls(new Reply.Call("a", "ask", "{}"), new Reply.Call("b", "ask", "{}")),
        Reply.text("Thanks."));
    var first = create("\"input\": \"Go\", " + TOOL);
    var one = first.at("/output/0/call_id").asText();
    var two = first.at("/output/1/call_id").asText();
    var both = OUTPUT.formatted(one) + "," + OUTPUT.formatted(two);

    assertThat(refused(behind(first, "[" + OUTPUT.formatted(one) + "]")).path("message").asText())
        .isEqualTo("No tool output found for function call %s.".formatted(two));
    assertThat(
            refused(behind(first, "[" + both + "," + OUTPUT.formatted("call_none") + "]"))
                .path("message")
                .asText())
        .isEqualTo("No tool call found for function call output with call_id call_none.");
    assertThat(
            refused(behind(first, "[" + both + "," + OUTPUT.formatted(one) + "]"))
                .path("param")
                .asText())
        .isEqualTo("input[2].call_id");
    assertThat(text(create(behind(first, "[" + both + "]")))).isEqualTo("Thanks.");
  }

  @Test
  void aReferenceFindsItemsOfTheChainAndNoOthers() {
    provider.replyTo(model, Reply.text("Mine."), Reply.text("Again."), Reply.text("Other."));
    var first = create("\"input\": \"Hi\"");
    var reference =
        "[{\"type\": \"item_reference\", \"id\": \"%s\"}, {\"role\": \"user\", \"content\": \"?\"}]"
            .formatted(first.at("/output/0/id").asText());

    assertThat(refused("\"input\": " + reference).path("param").asText()).isEqualTo("input[0].id");
    assertThat(text(create(behind(first, reference)))).isEqualTo("Again.");
  }

  @Test
  void encryptedContentThatWasChangedIsRefusedByTheField() {
    provider.replyTo(
        model, Reply.call("ask", "{}").withReasoning("I should ask."), Reply.text("Never."));
    var response =
        create("\"input\": \"Go\", \"include\": [\"reasoning.encrypted_content\"], " + TOOL);
    var sealed = response.at("/output/0/encrypted_content").asText();
    assertThat(sealed).isNotEmpty();
    int middle = sealed.length() / 2;
    var other = sealed.charAt(middle) == 'A' ? 'B' : 'A';
    var changed = sealed.substring(0, middle) + other + sealed.substring(middle + 1);

    for (var content : List.of(changed, "nonsense")) {
      var error =
          refused(
              """
              "input": [{"type": "reasoning", "summary": [], "encrypted_content": "%s"}]"""
                  .formatted(content));
      assertThat(error.path("param").asText()).isEqualTo("input[0].encrypted_content");
    }
  }

  @Test
  void fieldsOfAnotherTypeAreRefusedByTheirName() {
    var wrong =
        List.of(
            "\"user\": {\"a\": 1} user",
            "\"safety_identifier\": 7 safety_identifier",
            "\"prompt_cache_key\": [] prompt_cache_key",
            "\"service_tier\": \"best\" service_tier",
            "\"presence_penalty\": 3 presence_penalty",
            "\"text\": \"plain\" text",
            "\"reasoning\": \"high\" reasoning",
            "\"stream_options\": true stream_options",
            "\"stream_options\": {\"include_obfuscation\": 1} stream_options.include_obfuscation",
            "\"top_logprobs\": 21 top_logprobs",
            "\"truncation\": \"some\" truncation",
            "\"metadata\": {\"%s\": \"x\"} metadata".formatted("k".repeat(65)),
            "\"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"a b\", \"schema\": {}}}"
                + " text.format.name");

    for (var each : wrong) {
      int space = each.lastIndexOf(' ');
      var error = refused("\"input\": \"x\", " + each.substring(0, space));
      assertThat(error.path("param").asText()).as(each).startsWith(each.substring(space + 1));
    }
  }

  @Test
  void aStreamIsPaddedOnRequestAndResumedOnlyBehindANumber() {
    provider.replyTo(model, Reply.text("Hello there."));
    var frames = stream("\"input\": \"Hi\", \"stream_options\": {\"include_obfuscation\": true}");
    var id = frames.getLast().json().at("/response/id").asText();
    var path = "/v1/responses/" + id + "?stream=true";

    assertThat(frames)
        .filteredOn(frame -> frame.event().endsWith(".delta"))
        .isNotEmpty()
        .allMatch(frame -> !frame.json().path("obfuscation").asText().isEmpty());
    try (var replay = user.events(path)) {
      var all = replay.rest();
      assertThat(all).noneMatch(frame -> frame.json().has("obfuscation"));
      assertThat(SseStream.names(all)).isEqualTo(SseStream.names(frames));
    }
    for (var number : List.of("-1", "first", "1.5", "99999999999999999999")) {
      var refused = user.get(path + "&starting_after=" + number);
      assertThat(refused.status()).as(number).isEqualTo(400);
      assertThat(refused.error().path("param").asText()).isEqualTo("starting_after");
    }
  }
}
